import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, startApi, until } from './start-api.ts'

const limit = { timeout: 120_000, concurrency: true } // only against hanging
let api: Api
let token: string
before(async (t) => {
  api = await startApi(t as TestContext)
  token = await api.login()
})

/** Sends the pieces a second apart and goes on waiting: what the server says until it closes the connection. */
async function slowly(pieces: Iterable<string>): Promise<string> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
  let answer = ''
  let open = true
  socket.on('error', () => {})
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text
  })
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve())).then(() => {
    open = false
  })
  for (const piece of pieces) {
    if (!open) break
    socket.write(piece)
    await Promise.race([closed, sleep(1000)])
  }
  await closed
  return answer
}

const head = (method: string, path: string, length: number) =>
  `${method} ${path} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${length}\r\n\r\n`

async function healthWhile(work: Promise<unknown>) {
  let working = true
  work.finally(() => {
    working = false
  })
  for (let answers = 0; working || answers === 0; answers++) {
    assert.equal((await api.fetch('/health')).status, 200)
    assert.equal((await api.fetch('/data/notes', { token })).status, 200)
    await sleep(100)
  }
  await work
}

test(
  'connections of slow clients are closed, for each kind of slow, and other clients are served meanwhile',
  limit,
  async () => {
    const bytes = function* (text: string) {
      for (const byte of text) yield byte
      for (;;) yield 'a'
    }
    const slow: Record<string, [Iterable<string>, RegExp]> = {
      'nothing at all': [[''], /^HTTP\/1\.1 408 |^$/],
      'headers byte by byte': [bytes('GET /health HTTP/1.1\r\nHost: api\r\nFiller: '), /^HTTP\/1\.1 408 /],
      'headers that stop': [['GET /health HTTP/1.1\r\nHost: api\r\n'], /^HTTP\/1\.1 408 /],
      'a body byte by byte': [
        (function* () {
          yield head('POST', '/data/notes', 9000)
          yield* bytes('{"title":"')
        })(),
        /^HTTP\/1\.1 408 /,
      ],
      'a body that stops': [[`${head('POST', '/auth/login', 100)}{"user`], /^HTTP\/1\.1 408 /],
      'a body that the API does not read': [[`${head('DELETE', '/data/notes/none', 9000)}{"user`], /^HTTP\/1\.1 404 /],
    }
    const all = Object.entries(slow).map(async ([name, [pieces, expected]]) =>
      assert.match(await slowly(pieces), expected, name),
    )
    await healthWhile(Promise.all(all))
  },
)

const rss = async () => {
  const page = await (await fetch(api.metricsUrl)).text()
  return Number(/^process_resident_memory_bytes (\d+)/m.exec(page)?.[1]) / 2 ** 20
}

/** Opens so many connections that send this and go no further; closes them after the work. */
async function flood(count: number, bytes: string, work: () => Promise<void>) {
  const sockets = Array.from({ length: count }, () => connect(Number(new URL(api.url).port), '127.0.0.1'))
  for (const socket of sockets)
    socket
      .on('error', () => {})
      .resume()
      .write(bytes)
  try {
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    await work()
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

test(
  'large bodies that never end are refused with 503 when they fill 16 MiB; small notes and logins pass',
  limit,
  async () => {
    const before = await rss()
    const note = (size: number) => ({ method: 'POST', token, json: { title: 'a', body: 'b'.repeat(size) } })
    // 64 of them fill it to within 15 KB, so that there is no room for a large note.
    await flood(600, `${head('POST', '/data/notes', 261_900)}{"${'a'.repeat(250_000)}`, async () => {
      await until('a large note is refused', async () => {
        const answer = await api.fetch('/data/notes', note(19_000))
        if (answer.status === 201) return false
        assert.equal(answer.status, 503)
        assert.match(String(answer.headers.get('Retry-After')), /^[123]$/)
        assert.equal(((await answer.json()) as { type: string }).type, '/problems/overloaded')
        return true
      })
      assert.equal((await api.fetch('/data/notes', note(1000))).status, 201)
      assert.equal((await api.fetch('/data/notes', { token: await api.login() })).status, 200)
      assert.ok((await rss()) - before < 150, 'the memory does not hold them all')
    })
    await until('their room is free again', async () => (await api.fetch('/data/notes', note(19_000))).status === 201)
  },
)

test('a body that a login could never need is refused as too large', async () => {
  const answer = await api.fetch('/auth/login', {
    method: 'POST',
    json: { username: 'demo', password: 'a'.repeat(17_000) },
  })
  assert.equal(answer.status, 413)
  const longest = { username: '😀'.repeat(64), password: '😀'.repeat(1024) }
  const body = JSON.stringify(longest).replaceAll('😀', '\\ud83d\\ude00')
  const headers = { 'Content-Type': 'application/json' }
  assert.equal((await api.fetch('/auth/login', { method: 'POST', body, headers })).status, 401)
})
