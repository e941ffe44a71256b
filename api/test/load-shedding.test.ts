import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { type Api, startApi, until } from './start-api.ts'

const limit = { timeout: 120_000 } // only against hanging

async function shed(api: Api): Promise<Record<string, number>> {
  const page = await (await fetch(api.metricsUrl)).text()
  const series = page.matchAll(/^requests_shed_total\{reason="(\w+)"\} (\d+)$/gm)
  return Object.fromEntries([...series].map(([, reason, value]) => [reason, Number(value)]))
}

test('behind a request that blocks the thread others are 503, before their token is looked at', limit, async (t) => {
  // Each read of a locked database stops the thread for so long.
  const api = await startApi(t, { SHED_AFTER_MS: '200', BUSY_TIMEOUT_MS: '500' })
  assert.deepEqual(await shed(api), { event_loop: 0, login_queue: 0 })
  let token = ''
  await until('a login', async () => {
    token = await api.login()
    return token
  })
  const other = new Database(api.databasePath)
  t.after(() => other.close())
  other.exec('BEGIN EXCLUSIVE')
  const refused: Response[] = []
  const pauses = () => new Set(refused.map((answer) => answer.headers.get('Retry-After')))
  await until('a refusal with each pause from 1 to 3 s', async () => {
    const blocking = api.fetch('/data/notes', { token })
    const answers = Array.from({ length: 10 }, () => api.fetch('/data/notes', { token: 'forged' }))
    const health = api.fetch('/health')
    refused.push(...(await Promise.all(answers)).filter(({ status }) => status === 503))
    assert.deepEqual([(await blocking).ok, (await health).status], [false, 200])
    return pauses().size === 3
  })
  other.exec('ROLLBACK')
  assert.deepEqual([...pauses()].sort(), ['1', '2', '3'])
  for (const answer of refused) {
    assert.equal(((await answer.json()) as { type: string }).type, '/problems/overloaded')
  }
  assert.ok(Number((await shed(api)).event_loop) >= refused.length)
  const line = await api.logged((line) => line.shed === 'event_loop')
  assert.deepEqual([line.status, line.route, line.auth_rejection], [503, '/data/notes', undefined])
  await until('requests are served again', async () => (await api.fetch('/data/notes', { token })).status === 200)
})

test('a login is 503 when those before it would take too long, and counts as overloaded too', limit, async (t) => {
  const api = await startApi(t, { SHED_AFTER_MS: '100' })
  const wrong = { username: 'demo', password: 'wrong' }
  // Fewer than wait without SHED_AFTER_MS.
  const logins = Array.from({ length: 40 }, () => api.fetch('/auth/login', { method: 'POST', json: wrong }))
  const statuses = (await Promise.all(logins)).map(({ status }) => status)
  const refused = statuses.filter((status) => status === 503).length
  assert.deepEqual(new Set(statuses), new Set([401, 503]))
  const { event_loop = 0, login_queue = 0 } = await shed(api)
  assert.ok(login_queue > 0)
  assert.equal(event_loop + login_queue, refused)
  const page = await (await fetch(api.metricsUrl)).text()
  assert.equal(Number(/^auth_logins_total\{outcome="overloaded"\} (\d+)$/m.exec(page)?.[1]), refused)
  await api.login()
})
