import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, startApi } from './start-api.ts'

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
