import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ask, connect } from '../src/api-client.ts'
import { now, sleep } from '../src/clock.ts'
import type { ClientPolicy } from '../src/load/client-policy.ts'
import { figures, lagOf, quantile, sorted, statusesOf } from '../src/load/figures.ts'
import { type Options, openLoop, seededRandom } from '../src/load/open-loop.ts'

async function against(t: TestContext, answer: RequestListener, options: Partial<Options> = {}) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const pool = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 128, 10_000)
  t.after(async () => {
    await pool.destroy()
    server.closeAllConnections()
    server.close()
  })
  const send = (signal: AbortSignal) => ask(pool, { method: 'GET', path: '/', signal })
  return openLoop({ next: () => ({ kind: 'read', send }), ...options })
}

test('a server that stalls for 2 s delays no arrival, and the wait counts from when each was due', async (t) => {
  let stalledUntil = 0
  const load = await against(t, (_, response) => {
    setTimeout(() => response.end('ok'), Math.max(0, stalledUntil - now()))
  })
  load.setRate(200)
  await sleep(500)
  const begin = now()
  stalledUntil = begin + 2_000
  await sleep(2_000)
  await load.stop()
  const during = load.results.filter((one) => one.due >= begin && one.due < stalledUntil).sort((a, b) => a.due - b.due)
  assert.ok(Math.abs(during.length - 400) <= 1, `400 arrivals are due in 2 s, not ${during.length}`)
  assert.equal(load.dropped.length, 0)
  // Evenly spaced, 5 ms apart: no arrival waited for another one.
  for (let i = 1; i < during.length; i++) {
    assert.ok(Math.abs((during[i]?.due ?? 0) - (during[i - 1]?.due ?? 0) - 5) < 0.001)
  }
  for (const { due, done } of during)
    assert.ok(done - due > stalledUntil - due - 5, 'no request was answered in the stall')
  assert.ok(Number(figures(during).p50_ms) > 900, 'half of them waited for about a second or more')
})

test('the rate can be changed', async (t) => {
  const load = await against(t, (_, response) => response.end('ok'))
  const start = now()
  load.setRate(100)
  await sleep(1_000)
  load.setRate(300)
  const change = now()
  await sleep(1_000)
  await load.stop()
  const expected = ((change - start) * 100 + 1_000 * 300) / 1000
  assert.ok(load.results.length >= expected * 0.98, `${load.results.length} of about ${expected}`)
  const slow = load.results.filter(({ due }) => due < change)
  assert.ok(Math.abs(slow.length - (change - start) / 10) <= 2, `${slow.length} at the lower rate`)
})

test('random arrivals are those of the seed, and as many as were asked for', async (t) => {
  const gapsOf = async () => {
    const load = await against(t, (_, response) => response.end('ok'), { random: seededRandom(3) })
    load.setRate(300, { arrivals: 'poisson' })
    await sleep(1_000)
    await load.stop()
    const dues = load.results.map(({ due }) => due).sort((a, b) => a - b)
    return dues.slice(1).map((due, i) => due - (dues[i] ?? 0))
  }
  const [first, second] = [await gapsOf(), await gapsOf()]
  assert.ok(first.length > 230 && first.length < 370, `${first.length} in a second, give or take four deviations`)
  assert.deepEqual(
    first.slice(0, 200).map((gap) => gap.toFixed(3)),
    second.slice(0, 200).map((gap) => gap.toFixed(3)),
  )
  assert.ok(new Set(first.map((gap) => gap.toFixed(3))).size > 100, 'they are not even')
})

test('a policy retries within one arrival, and what it has learned outlasts a change of the rate', async (t) => {
  let requests = 0
  const load = await against(t, (_, response) => {
    requests++
    response.writeHead(503).end()
  })
  const clients: ClientPolicy = { timeoutMs: 1_000, attempts: 3, budget: { share: 0, bucket: 4 } }
  load.setRate(100, { clients })
  await sleep(300)
  load.setRate(200, { clients })
  const change = now()
  await sleep(300)
  await load.stop()
  assert.equal(requests, load.results.length + 4, 'the budget was used once')
  assert.ok(load.results.every(({ attempts = [] }) => attempts.length <= 3))
  const later = load.results.filter(({ due }) => due >= change)
  assert.ok(later.length > 20 && later.every(({ attempts }) => attempts?.length === 1), 'nothing was left of it')
  assert.deepEqual(statusesOf(load.results), { 503: load.results.length })
})

test('arrivals that find too many waiting are dropped and counted', async (t) => {
  const load = await against(t, () => {}, { maxInFlight: 50 })
  load.setRate(300, { clients: { timeoutMs: 500, attempts: 1 } })
  await sleep(400)
  assert.ok(load.waiting.size <= 50)
  await load.stop()
  assert.ok(load.dropped.length >= 50)
  assert.deepEqual(statusesOf(load.results), { timeout: load.results.length })
  const { answered, failed, error_ratio } = figures(load.results, load.dropped.length)
  assert.deepEqual([answered, failed, error_ratio], [0, load.results.length + load.dropped.length, 1])
})

test('no connection is an error that has a name', async () => {
  const pool = connect('http://127.0.0.1:9', 4, 1_000)
  const load = openLoop({
    next: () => ({
      kind: 'read',
      send: (signal) => ask(pool, { method: 'GET', path: '/', signal }),
    }),
  })
  load.setRate(50)
  await sleep(200)
  await load.stop()
  assert.deepEqual(Object.keys(statusesOf(load.results)), ['ECONNREFUSED'])
  await pool.destroy()
})

test('a rate that cannot be reached shows as lag, and the process stays responsive', async () => {
  const send = async () => {
    const busyUntil = now() + 1
    while (now() < busyUntil);
    return { status: 200 }
  }
  const load = openLoop({ next: () => ({ kind: 'read', send }) })
  let turns = 0
  const timer = setInterval(() => turns++, 10)
  load.setRate(10_000)
  await sleep(1_000)
  clearInterval(timer)
  await load.stop()
  assert.ok(turns > 1, 'other timers had their turn')
  assert.ok(load.results.length + load.dropped.length < 5_000)
  assert.ok(quantile(sorted(load.results.map(lagOf)), 0.5) > 100)
})

test('quantiles are exact', () => {
  const values = sorted([5, 1, 4, 2, 3])
  assert.equal(quantile(values, 0.5), 3)
  assert.ok(Math.abs(quantile(values, 0.95) - 4.8) < 1e-9, 'between the two nearest values, as k6 has it')
  assert.equal(quantile(values, 1), 5)
  assert.ok(Number.isNaN(quantile(sorted([]), 0.5)))
})
