import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Api, onSignal, startApi, until } from './start-api.ts'

const limit = { timeout: 120_000 } // only against hanging

async function shed(api: Api): Promise<Record<string, number>> {
  const page = await (await fetch(api.metricsUrl)).text()
  const series = page.matchAll(/^requests_shed_total\{reason="(\w+)"\} (\d+)$/gm)
  return Object.fromEntries([...series].map(([, reason, value]) => [reason, Number(value)]))
}

test(
  'a request that waited too long for the thread is 503 before its token is looked at; /health is 200',
  limit,
  async (t) => {
    const block = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)'
    const api = await startApi(t, { SHED_AFTER_MS: '200', ...onSignal(block) })
    assert.deepEqual(await shed(api), { event_loop: 0, login_queue: 0 })
    const refused: Response[] = []
    const pauses = () => new Set(refused.map((answer) => answer.headers.get('Retry-After')))
    await until('a refusal with each pause from 1 to 3 s', async () => {
      api.child.kill('SIGUSR2')
      const health = Array.from({ length: 3 }, () => api.fetch('/health'))
      const answers = await Promise.all(Array.from({ length: 10 }, () => api.fetch('/data/notes', { token: 'forged' })))
      for (const { status } of await Promise.all(health)) assert.equal(status, 200)
      refused.push(...answers.filter(({ status }) => status === 503))
      return pauses().size === 3
    })
    assert.deepEqual([...pauses()].sort(), ['1', '2', '3'])
    for (const answer of refused) {
      assert.equal(((await answer.json()) as { type: string }).type, '/problems/overloaded')
    }
    assert.deepEqual(await shed(api), { event_loop: refused.length, login_queue: 0 })
    const line = await api.logged((line) => line.shed === 'event_loop')
    assert.deepEqual([line.status, line.route, line.auth_rejection], [503, '/data/notes', undefined])
    await until(
      'requests are served again',
      async () => (await api.fetch('/data/notes', { token: await api.login() })).status === 200,
    )
  },
)

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
  await until('a login passes when none waits', () => api.login())
})
