import assert from 'node:assert/strict'
import { connect } from 'node:net'
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

test('every connection that is ended for what its client did is counted once, by what it was', limit, async () => {
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
