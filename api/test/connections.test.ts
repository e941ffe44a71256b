import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, sendRaw, startApi } from './start-api.ts'

const limit = { timeout: 60_000 } // only against hanging
let api: Api
let token: string
before(async (t) => {
  api = await startApi(t as TestContext)
  token = await api.login()
})

async function sample(series: string): Promise<number> {
  const page = await (await fetch(api.metricsUrl)).text()
  return Number(
    page
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length),
  )
}
const cut = (reason: string) => sample(`http_server_cut_connections_total{reason="${reason}"}`)

const post = (rest: string) =>
  `POST /data/notes HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n${rest}`

test('every connection that is ended for what its client did is counted by what that was', limit, async () => {
  const sent: [reason: string, bytes: string, answer: RegExp][] = [
    ['malformed', 'no HTTP at all\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['malformed', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['malformed', post('Transfer-Encoding: chunked\r\n\r\nno length\r\nand more\r\n'), /^HTTP\/1\.1 400 /],
    ['headers_too_large', `GET /health HTTP/1.1\r\nHost: api\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['slow', 'GET /health HTTP/1.1\r\nHost: a', /^HTTP\/1\.1 408 /],
    ['slow', post('Content-Length: 100\r\n\r\n{"title'), /^HTTP\/1\.1 408 /],
    ['slow', '', /^HTTP\/1\.1 408 /],
  ]
  const reasons = ['crowded', 'slow', 'malformed', 'headers_too_large']
  const before = await Promise.all(reasons.map(cut))
  await Promise.all(
    sent.map(async ([reason, bytes, answer]) => assert.match(await sendRaw(api.url, bytes), answer, reason)),
  )
  const risen = await Promise.all(reasons.map(async (reason, i) => (await cut(reason)) - Number(before[i])))
  assert.deepEqual(risen, [0, 3, 3, 1])
})

test('who hangs up or is refused with an answer of the API has not been cut', limit, async () => {
  const reasons = ['crowded', 'slow', 'malformed', 'headers_too_large']
  const before = await Promise.all(reasons.map(cut))
  assert.match(await sendRaw(api.url, 'GET /nowhere HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n'), / 404 /)
  const lines = api.logs.length
  const hangUp = connect(Number(new URL(api.url).port), '127.0.0.1')
  hangUp.end(post('Content-Length: 100\r\n\r\n{"title')).resume()
  while (!api.logs.slice(lines).some(({ route }) => route === '/data/notes')) await sleep(10)
  assert.deepEqual(await Promise.all(reasons.map(cut)), before)
})

test('the open connections are counted while they are open', limit, async () => {
  const series = 'http_server_open_connections'
  const before = await sample(series)
  const sockets = Array.from({ length: 50 }, () => connect(Number(new URL(api.url).port), '127.0.0.1'))
  while ((await sample(series)) < before + 50) await sleep(10)
  for (const socket of sockets) socket.destroy()
  while ((await sample(series)) > before) await sleep(10)
})

/** One request; gives its status, and whether it went over a connection that was used before. */
async function ask(agent: Agent | false, method = 'GET', path = '/data/notes?limit=1', json?: object) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const asked: ClientRequest = request(api.url + path, { method, agent, headers })
  asked.end(json && JSON.stringify(json))
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  await once(answer.resume(), 'end')
  return { status: answer.statusCode, reused: asked.reusedSocket }
}

function crowd(t: TestContext, connections: number, text: string) {
  const program = join(import.meta.dirname, 'crowd.ts')
  const child = spawn(process.execPath, [program, new URL(api.url).port, String(connections), text])
  t.after(() => child.kill('SIGKILL'))
}

const health = 'GET /health HTTP/1.1\r\nHost: api\r\n'
const crowds = {
  'says nothing': '',
  'sends 10 KB of headers and goes no further': `${health}X: ${'a'.repeat(10_000)}`,
  'asks once and stays': `${health}\r\n`,
}
for (const [what, text] of Object.entries(crowds)) {
  test(`a crowd on 2,500 connections that ${what} keeps nobody out, and 1,500 are held`, limit, async (t) => {
    const [regular, resting] = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })]
    for (const agent of [regular, resting]) assert.equal((await ask(agent)).status, 200)
    const [before, memory] = [await cut('crowded'), await sample('process_resident_memory_bytes')]
    crowd(t, 2_500, text)
    for (let i = 0; i < 50 || (await cut('crowded')) < before + 2_000; i++) {
      assert.equal((await ask(false)).status, 200)
      assert.equal((await ask(false, 'POST', '/data/notes', { title: 'a', body: 'b' })).status, 201)
      // Who was answered stays, until there are too many of those.
      if (what !== 'asks once and stays') assert.deepEqual(await ask(regular), { status: 200, reused: true })
    }
    if (what !== 'asks once and stays') assert.deepEqual(await ask(resting), { status: 200, reused: true })
    assert.ok((await sample('http_server_open_connections')) <= 1_500)
    assert.ok((await sample('process_resident_memory_bytes')) - memory < 100e6, 'the memory does not hold them all')
    assert.equal((await api.logged(({ msg }) => msg.startsWith('too many connections'))).connections, 1_500)
    regular.destroy()
    resting.destroy()
  })
}

test('who asks and asks and takes nothing is cut, and the API lives on in a small heap', limit, async (t) => {
  const small = await startApi(t, { NODE_OPTIONS: '--max-old-space-size=96 --max-semi-space-size=4' })
  const user = await small.login()
  for (let n = 0; n < 26; n++) {
    await small.fetch('/data/notes', { method: 'POST', token: user, json: { title: 'a', body: 'b'.repeat(20_000) } })
  }
  const deaf = (count: number, text: string) => {
    for (let n = 0; n < count; n++) {
      const socket = connect(Number(new URL(small.url).port), '127.0.0.1').on('error', () => {})
      t.after(() => socket.destroy())
      socket.write(text)
    }
  }
  const reached = async (reason: string, count: number) => {
    const series = new RegExp(`^http_server_cut_connections_total\\{reason="${reason}"\\} (\\d+)$`, 'm')
    while (!(Number(series.exec(await (await fetch(small.metricsUrl)).text())?.[1]) >= count)) await sleep(50)
  }
  deaf(300, 'GET /openapi.json HTTP/1.1\r\nHost: api\r\n\r\n'.repeat(1_500))
  await reached('pipelined', 300)
  deaf(300, `GET /data/notes?limit=100 HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer ${user}\r\n\r\n`.repeat(8))
  await reached('slow', 100)
  assert.equal((await small.fetch('/health')).status, 200)
})

test('two hundred who wait at the door are let in together, not each after a commit', limit, async () => {
  const note = JSON.stringify({ title: 'a', body: 'b' })
  const commits = 'db_commit_batch_size_count'
  const before = await sample(commits)
  api.child.kill('SIGSTOP')
  const sockets = Array.from({ length: 200 }, () => connect(Number(new URL(api.url).port), '127.0.0.1'))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  for (const socket of sockets) socket.write(post(`Content-Length: ${note.length}\r\n\r\n${note}`))
  api.child.kill('SIGCONT')
  const answers = await Promise.all(sockets.map(async (socket) => String((await once(socket, 'data'))[0])))
  for (const socket of sockets) socket.destroy()
  for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 201 /)
  assert.ok((await sample(commits)) - before < 20)
})
