import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import BetterSqlite from 'better-sqlite3'
import { type Api, startApi, until } from './start-api.ts'

type Event = { time: string; route_class: string; requests: number; errors: number; p50_ms: number; p95_ms: number }

async function events(api: Api): Promise<Event[]> {
  const answer = await fetch(`${api.metricsUrl}/events`)
  assert.deepEqual([answer.status, answer.headers.get('Content-Type')], [200, 'application/jsonl'])
  return (await answer.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

const sum = (rows: Event[], route_class: string, of: 'requests' | 'errors' = 'requests') =>
  rows.filter((row) => row.route_class === route_class).reduce((all, row) => all + row[of], 0)

for (const METRICS_EVENTS of ['memory', 'sqlite']) {
  test(`each second of each class of routes has a row (${METRICS_EVENTS})`, async (t) => {
    const api = await startApi(t, { METRICS_EVENTS })
    const token = await api.login()
    for (let n = 0; n < 7; n++) await api.fetch('/data/notes', { token })
    for (let n = 0; n < 3; n++)
      await api.fetch('/data/notes', { token, method: 'POST', json: { title: 'a', body: '' } })
    await api.fetch('/nowhere')
    const classes = { auth: 1, read: 7, write: 3, other: 1 }
    const counts = (rows: Event[]) => Object.keys(classes).map((name) => sum(rows, name))
    await until('all rows are there', async () => sum(await events(api), 'other') === 1)
    const rows = await events(api)
    assert.deepEqual(counts(rows), Object.values(classes))
    for (const row of rows) {
      assert.equal(new Date(row.time).toISOString(), row.time)
      assert.ok(0 < row.p50_ms && row.p50_ms <= row.p95_ms, JSON.stringify(row))
      assert.equal(row.errors, 0)
    }
    const keys = rows.map(({ time, route_class }) => time + route_class)
    assert.equal(new Set(keys).size, keys.length)

    await api.stop('SIGKILL')
    const after = await events(await startApi(t, api.env))
    assert.deepEqual(after, METRICS_EVENTS === 'sqlite' ? rows : [])
  })
}

test('metrics in the database that is away cannot be read, and know nothing of the outage', async (t) => {
  const api = await startApi(t, { METRICS_EVENTS: 'sqlite' })
  const token = await api.login()
  const repair = await api.breakDatabase()
  assert.equal((await fetch(`${api.metricsUrl}/events`)).status, 503)
  let refused = 0
  for (const end = Date.now() + 2_500; Date.now() < end; await sleep(20)) {
    assert.equal((await api.fetch('/data/notes', { token })).status, 503)
    refused++
  }
  await repair()
  await api.logged((line) => line.msg === 'database available')
  assert.equal((await api.fetch('/nowhere')).status, 404)
  await until('the next second has its row', async () => sum(await events(api), 'other') === 1)
  const known = sum(await events(api), 'read', 'errors')
  assert.ok(known < refused, `${known} of ${refused} errors are in the table`)
})

test('in memory the outage of the database is known', async (t) => {
  const api = await startApi(t, { METRICS_EVENTS: 'memory' })
  const token = await api.login()
  await api.breakDatabase()
  for (let n = 0; n < 5; n++) assert.equal((await api.fetch('/data/notes', { token })).status, 503)
  await until('the errors are known', async () => sum(await events(api), 'read', 'errors') === 5)
})

test('a second whose row is there already loses its own, and the API goes on', async (t) => {
  const api = await startApi(t, { METRICS_EVENTS: 'sqlite' })
  const db = new BetterSqlite(api.databasePath, { timeout: 5_000 })
  // Any second row of a class has to conflict, as one does when the clock goes back.
  db.exec('CREATE UNIQUE INDEX one_row ON metrics_events (route_class)')
  db.close()
  assert.equal((await api.fetch('/nowhere')).status, 404)
  await until('the first row is there', async () => sum(await events(api), 'other') === 1)
  assert.equal((await api.fetch('/nowhere')).status, 404)
  await api.login()
  await until('a later row is there', async () => sum(await events(api), 'auth') === 1)
  assert.equal(sum(await events(api), 'other'), 1)
})

test('switched off there is no such page', async (t) => {
  const api = await startApi(t)
  assert.equal((await fetch(`${api.metricsUrl}/events`)).status, 404)
})
