import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { before, type TestContext, test } from 'node:test'
import pino from 'pino'
import { createApiServer } from '../src/server.ts'
import { type Api, sendRaw, startApi, until } from './start-api.ts'

const limit = { timeout: 120_000 } // only against hanging
let api: Api
let token: string
before(async (t) => {
  api = await startApi(t as TestContext)
  token = await api.login()
})

async function sample(series: string, { metricsUrl } = api): Promise<number> {
  const page = await (await fetch(metricsUrl)).text()
  const line = page.split('\n').find((line) => line.startsWith(`${series} `))
  return Number(line?.slice(series.length))
}
const reasons = ['crowded', 'slow', 'malformed', 'headers_too_large']
async function cuts() {
  const values = reasons.map((reason) => sample(`http_server_cut_connections_total{reason="${reason}"}`))
  return Promise.all(values)
}

const post = (rest: string) =>
  `POST /data/notes HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n${rest}`

test('the limits of the server are those of docs/security.md', () => {
  const server = createApiServer(() => {}, pino({ level: 'silent' }))
  const { headersTimeout, requestTimeout, keepAliveTimeout, timeout, maxConnections } = server
  const document = readFileSync(join(import.meta.dirname, '../../docs/security.md'), 'utf8')
  const row = (name: string) =>
    Number(document.match(new RegExp(`^\\| ${name}[^|]*\\|\\s*([\\d,]+)`, 'm'))?.[1]?.replace(',', ''))
  assert.deepEqual(
    {
      headers: row('Headers of a request') * 1000,
      request: row('Headers and body') * 1000,
      keepAlive: row('Idle between two requests') * 1000,
      inactive: row('Without a byte') * 1000,
      connections: row('Connections'),
    },
    {
      headers: headersTimeout,
      request: requestTimeout,
      keepAlive: keepAliveTimeout,
      inactive: timeout,
      connections: maxConnections,
    },
  )
})

test('every connection that the API closes is counted by its reason', limit, async () => {
  const sent: [reason: string, bytes: string, answer: RegExp][] = [
    ['malformed', 'no HTTP at all\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['malformed', post('Transfer-Encoding: chunked\r\n\r\nno length\r\nand more\r\n'), /^HTTP\/1\.1 400 /],
    ['headers_too_large', `GET /health HTTP/1.1\r\nHost: api\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['slow', 'GET /health HTTP/1.1\r\nHost: a', /^HTTP\/1\.1 408 /],
    ['slow', post('Content-Length: 100\r\n\r\n{"title'), /^HTTP\/1\.1 408 /],
    ['slow', '', /^HTTP\/1\.1 408 /],
  ]
  const before = await cuts()
  await Promise.all(
    sent.map(async ([reason, bytes, answer]) => assert.match(await sendRaw(api.url, bytes), answer, reason)),
  )
  const after = await cuts()
  assert.deepEqual(
    after.map((value, i) => value - Number(before[i])),
    [0, 3, 2, 1],
  )
})

test('a client that hangs up, or gets an ordinary answer, has not been cut', limit, async () => {
  const before = await cuts()
  assert.match(await sendRaw(api.url, 'GET /nowhere HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n'), / 404 /)
  const lines = api.logs.length
  const hangUp = connect(Number(new URL(api.url).port), '127.0.0.1')
  hangUp.end(post('Content-Length: 100\r\n\r\n{"title')).resume()
  await until('its log line', () => api.logs.slice(lines).some(({ route }) => route === '/data/notes'))
  assert.deepEqual(await cuts(), before)
})

test('the open connections are counted while they are open', limit, async () => {
  const series = 'http_server_open_connections'
  const before = await sample(series)
  const sockets = Array.from({ length: 50 }, () => connect(Number(new URL(api.url).port), '127.0.0.1'))
  await until('all are counted', async () => (await sample(series)) >= before + 50)
  for (const socket of sockets) socket.destroy()
  await until('none is counted any more', async () => (await sample(series)) <= before)
})

test(
  '2,000 connections that send headers and stop do not keep other clients out, and hold little memory',
  limit,
  async (t) => {
    const memory = 'process_resident_memory_bytes'
    const before = await sample(memory)
    const sockets = Array.from({ length: 2_000 }, () => connect(Number(new URL(api.url).port), '127.0.0.1'))
    t.after(() => {
      for (const socket of sockets) socket.destroy()
    })
    for (const socket of sockets) {
      socket.on('error', () => {}).write(`GET /health HTTP/1.1\r\nHost: api\r\nX: ${'a'.repeat(10_000)}`)
    }
    await until('they are open', async () => (await sample('http_server_open_connections')) >= 1_900)
    assert.equal((await api.fetch('/data/notes', { token })).status, 200)
    assert.ok((await sample(memory)) - before < 100e6)
  },
)

test('connections beyond the limit are closed at once, and counted', limit, async (t) => {
  const crowded = await startApi(t)
  const sockets = Array.from({ length: 3_200 }, () => connect(Number(new URL(crowded.url).port), '127.0.0.1'))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  for (const socket of sockets) socket.on('error', () => {}).resume()
  const series = 'http_server_cut_connections_total{reason="crowded"}'
  await until('200 are counted', async () => (await sample(series, crowded)) >= 200)
  assert.ok((await sample('http_server_open_connections', crowded)) <= 3_000)
  // The silent ones are closed after 5 s, and the API serves again.
  await until('a new client is served', () =>
    crowded.fetch('/health').then(
      ({ ok }) => ok,
      () => false,
    ),
  )
})

test('requests that are sent without waiting for answers are answered in order', async () => {
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: api\r\n`
  const requests = `${get('/health')}\r\n${get('/nowhere')}\r\n${get('/openapi.json')}Connection: close\r\n\r\n`
  const answers = await sendRaw(api.url, requests)
  assert.deepEqual(answers.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200'])
})
