import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ask, connect } from '../src/api-client.ts'
import { type Answer, type ClientPolicy, createClient, policies } from '../src/load/client-policy.ts'
import { seededRandom } from '../src/load/open-loop.ts'
import { until } from './helpers.ts'

type Respond = (response: ServerResponse, request: IncomingMessage) => void

/** A server that answers as it is told, and what it saw. */
async function peer(t: TestContext, respond: Respond) {
  const seen = { requests: 0, hungUp: 0, respond }
  const server = createServer((request, response) => {
    seen.requests++
    response.once('close', () => response.writableFinished || seen.hungUp++)
    seen.respond(response, request)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pool = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 16, 60_000)
  t.after(async () => {
    await pool.destroy()
    server.closeAllConnections()
    server.close()
  })
  const send = (signal: AbortSignal) => ask(pool, { method: 'GET', path: '/', signal })
  return { seen, send }
}

const answer =
  (status: number, headers = {}): Respond =>
  (response) =>
    response.writeHead(status, headers).end()
const never: Respond = () => {}

/** A client whose pauses take no time and are written down. */
function hasty(policy: ClientPolicy, seed = 1) {
  const pauses: number[] = []
  const sleep = async (ms: number) => void pauses.push(ms)
  return { call: createClient(policy, { random: seededRandom(seed), sleep }), pauses }
}

test('an abandoned attempt is aborted on its connection, and its record says so', async (t) => {
  const { seen, send } = await peer(t, never)
  const { call } = hasty({ timeoutMs: 100, attempts: 2 })
  const result = await call(send)
  assert.deepEqual([result.status, result.attempts.map(({ error }) => error)], [0, ['timeout', 'timeout']])
  for (const { sent, done } of result.attempts) assert.ok(done - sent >= 99)
  await until('the server saw both connections close', () => seen.hungUp === 2)
})

test('a client that does not hang up gives up as early, but its request goes on', async (t) => {
  let open: ServerResponse | undefined
  const { seen, send } = await peer(t, (response) => (open = response))
  const { call } = hasty({ timeoutMs: 100, attempts: 1, hangsUp: false })
  const sent: Promise<Answer>[] = []
  const result = await call((signal) => {
    sent.push(send(signal))
    return sent[0] as Promise<Answer>
  })
  assert.equal(result.attempts[0]?.error, 'timeout')
  open?.writeHead(204).end()
  assert.equal((await sent[0])?.status, 204)
  assert.equal(seen.hungUp, 0)
})

test('retries stop at the first success, at a final answer and after the last attempt', async (t) => {
  const { seen, send } = await peer(t, (response) => answer(seen.requests < 3 ? 503 : 201)(response, response.req))
  const { immediate, none } = policies(5_000)
  const first = await hasty(immediate).call(send)
  assert.deepEqual([first.status, first.attempts.map(({ status }) => status)], [201, [503, 503, 201]])
  for (const [status, attempts] of [
    [401, 1],
    [404, 1],
    [429, 4],
    [500, 4],
  ] as const) {
    seen.respond = answer(status)
    const call = await hasty(immediate).call(send)
    assert.deepEqual([call.attempts.length, call.status], [attempts, status])
  }
  assert.equal((await hasty(none).call(send)).attempts.length, 1)
})

test('an attempt that finds no server has the name of its error', async () => {
  const pool = connect('http://127.0.0.1:9', 1, 1_000)
  const { call } = hasty({ timeoutMs: 5_000, attempts: 2 })
  const result = await call((signal) => ask(pool, { method: 'GET', path: '/', signal }))
  assert.deepEqual(
    result.attempts.map(({ error }) => error),
    ['ECONNREFUSED', 'ECONNREFUSED'],
  )
  await pool.destroy()
})

test('full jitter: each pause is the seeded share of a bound that doubles up to its maximum', async (t) => {
  const { send } = await peer(t, answer(503))
  const { call, pauses } = hasty({ timeoutMs: 5_000, attempts: 5, backoff: { baseMs: 100, maxMs: 300 } }, 42)
  await call(send)
  const random = seededRandom(42)
  assert.deepEqual(
    pauses,
    [100, 200, 300, 300].map((bound) => random() * bound),
  )
  const { pauses: immediate, call: atOnce } = hasty({ timeoutMs: 5_000, attempts: 5 })
  await atOnce(send)
  assert.deepEqual(immediate, [])
})

test('Retry-After is a lower bound of the pause when honoured, and nothing otherwise', async (t) => {
  const { send, seen } = await peer(t, answer(503, { 'retry-after': '2' }))
  for (const [honoursRetryAfter, status, header, expected] of [
    [true, 503, '2', [2000]],
    [false, 503, '2', []],
    [true, 429, '1', [1000]],
    [true, 503, 'soon', []],
    [true, 503, undefined, []],
  ] as const) {
    seen.respond = answer(status, header && { 'retry-after': header })
    const { call, pauses } = hasty({ timeoutMs: 5_000, attempts: 2, honoursRetryAfter })
    await call(send)
    assert.deepEqual(pauses, expected, `${honoursRetryAfter} ${header}`)
  }
  const { call, pauses } = hasty({
    timeoutMs: 5_000,
    attempts: 2,
    backoff: { baseMs: 100, maxMs: 100 },
    honoursRetryAfter: true,
  })
  await call(send)
  assert.deepEqual(pauses, [100 * seededRandom(1)()], 'an answer without it leaves the backoff as it is')
})

test('a budget bounds amplification under total failure, and refills with first tries', async (t) => {
  const { send, seen } = await peer(t, answer(503))
  const share = 0.1
  const bucket = 10
  const { call } = hasty({ timeoutMs: 5_000, attempts: 4, budget: { share, bucket } })
  const calls = 200
  for (let i = 0; i < calls; i++) await call(send)
  assert.ok(seen.requests <= calls * (1 + share) + bucket, `${seen.requests} requests for ${calls} calls`)
  assert.ok(seen.requests >= calls * (1 + share) + bucket - 2, 'and the budget is used')
  seen.respond = answer(200)
  for (let i = 0; i < 100; i++) await call(send)
  seen.requests = 0
  seen.respond = answer(503)
  await call(send)
  assert.equal(seen.requests, 4, 'after 100 successes the bucket allows every retry again')
})

test('a breaker opens after failures in a row, sends nothing, and one probe closes it or opens it again', async (t) => {
  const { send, seen } = await peer(t, answer(503))
  let moment = 0
  const policy = { timeoutMs: 5_000, attempts: 1, breaker: { failures: 3, openMs: 1_000 } }
  const call = createClient(policy, { random: seededRandom(1), now: () => moment })
  await call(send)
  await call(send)
  seen.respond = answer(200)
  await call(send)
  seen.respond = answer(503)
  for (let i = 0; i < 3; i++) await call(send)
  assert.equal(seen.requests, 6, 'a success in between began the count anew')
  const rejected = await call(send)
  assert.deepEqual([rejected.status, rejected.attempts], [0, []])
  moment = 999
  await call(send)
  assert.equal(seen.requests, 6)

  moment = 1_000
  let probe: ServerResponse | undefined
  seen.respond = (response) => (probe = response)
  const probing = call(send)
  await until('the probe is under way', () => probe)
  assert.deepEqual((await call(send)).attempts, [], 'one probe at a time, and the others do not wait for it')
  probe?.writeHead(503).end()
  await probing
  seen.respond = answer(200)
  assert.deepEqual((await call(send)).attempts, [], 'the failed probe opened it again')
  moment = 2_000
  assert.equal((await call(send)).status, 200)
  assert.equal((await call(send)).status, 200)
})

test('what was sent before the breaker opened neither closes it nor keeps it open', async (t) => {
  const waiting: ServerResponse[] = []
  const { send, seen } = await peer(t, (response) => waiting.push(response))
  let moment = 0
  const policy = { timeoutMs: 5_000, attempts: 1, breaker: { failures: 1, openMs: 1_000 } }
  const call = createClient(policy, { random: seededRandom(1), now: () => moment })
  const calls = [call(send), call(send), call(send)]
  await until('all three are under way', () => waiting.length === 3)
  waiting[0]?.writeHead(503).end()
  await Promise.race(calls)
  waiting[1]?.writeHead(200).end()
  moment = 900
  waiting[2]?.writeHead(503).end()
  await Promise.all(calls)
  assert.deepEqual((await call(send)).attempts, [])
  moment = 1_000
  seen.respond = answer(200)
  assert.equal((await call(send)).status, 200)
})

test('the end of the load ends the pauses of its calls', async (t) => {
  const { send } = await peer(t, answer(503))
  const policy = { timeoutMs: 60_000, attempts: 4, backoff: { baseMs: 600_000, maxMs: 600_000 } }
  const end = new AbortController()
  const call = createClient(policy, { random: () => 0.99, end: end.signal })
  const inPause = call(async (signal) => {
    const failed = await send(signal)
    setImmediate(() => end.abort())
    return failed
  })
  assert.equal((await inPause).attempts.length, 1)
})

test('without jitter all pauses are equally long', async (t) => {
  const { send } = await peer(t, answer(503))
  const { call, pauses } = hasty({ timeoutMs: 1_000, attempts: 4, backoff: { baseMs: 50, maxMs: 100, jitter: false } })
  await call(send)
  assert.deepEqual(pauses, [50, 100, 100])
})
