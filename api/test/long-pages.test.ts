import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { before, type TestContext, test } from 'node:test'
import { type Api, startApi } from './start-api.ts'

let api: Api
let token: string
before(async (t) => {
  // As little memory as a small container would leave it.
  api = await startApi(t as TestContext, { NODE_OPTIONS: '--max-old-space-size=100' })
  token = await api.login()
  const body = 'b'.repeat(5_000)
  for (let n = 0; n < 100; n++) {
    await api.fetch('/data/notes', { method: 'POST', token, json: { title: String(n), body } })
  }
})

test('clients who ask for long pages and do not take them cannot fill the memory', async () => {
  const request = `GET /data/notes?limit=100 HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer ${token}\r\n\r\n`
  const answered = () => api.logs.filter(({ route, status }) => route === '/data/notes' && status === 200).length
  const before = answered()
  const sockets = Array.from({ length: 80 }, () => connect(Number(new URL(api.url).port), '127.0.0.1'))
  for (const socket of sockets)
    socket
      .on('error', () => {})
      .pause()
      .write(request)
  await api.logged(() => answered() >= before + sockets.length)
  assert.equal((await api.fetch('/health')).status, 200)
  assert.equal(api.child.exitCode, null)
  for (const socket of sockets) socket.destroy()
})
