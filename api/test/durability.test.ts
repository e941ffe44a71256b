import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { onPostgres } from './postgres.ts'
import { type Api, newFolder, program, sendRaw, startApi } from './start-api.ts'

const limit = { timeout: 170_000 } // only against hanging

/** The titles that a note may have, undefined when it is deleted: two while a change is not acknowledged yet. */
type Expected = { notes: Map<string, (string | undefined)[]>; acknowledged: number }

/** Makes, changes and deletes notes until the API is gone; `expected` holds what was acknowledged. */
async function write(api: Api, token: string, expected: Expected) {
  async function send(method: string, path: string, title?: string) {
    const json = title === undefined ? undefined : { title, body: 'b'.repeat(500) }
    const response = await api.fetch(path, { method, token, json })
    if (onPostgres && response.status === 503) return undefined // in doubt: it may have been made
    assert(response.ok, `${method} was answered ${response.status}`)
    expected.acknowledged++
    return response
  }
  async function change(method: string, id: string, from: string, to?: string) {
    expected.notes.set(id, [from, to])
    const response = await send(method, `/data/notes/${id}`, to)
    if (!response) return
    expected.notes.set(id, [to])
    await response.arrayBuffer()
  }

  try {
    for (let i = 0; ; i++) {
      const title = randomBytes(8).toString('hex')
      const response = await send('POST', '/data/notes', title)
      if (!response) continue
      const id = String(response.headers.get('Location')?.split('/').at(-1))
      expected.notes.set(id, [title])
      await response.arrayBuffer()
      if (i % 3 === 1) await change('PUT', id, title, `${title} changed`)
      if (i % 3 === 2) await change('DELETE', id, title)
    }
  } catch (error) {
    // This is how fetch says that the connection broke: the API was killed.
    if (!(error instanceof TypeError)) throw error
  }
}

async function allNotes(api: Api, token: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (let cursor = ''; ; ) {
    const response = await api.fetch(`/data/notes?limit=100${cursor}`, { token })
    assert.equal(response.status, 200)
    const page = (await response.json()) as { items: { id: string; title: string }[]; next_cursor: string | null }
    for (const { id, title } of page.items) found.set(id, title)
    if (page.next_cursor === null) return found
    cursor = `&cursor=${page.next_cursor}`
  }
}

async function assertNothingLost(api: Api, token: string, expected: Expected) {
  const found = await allNotes(api, token)
  const wrong = [...expected.notes].filter(([id, titles]) => !titles.includes(found.get(id)))
  assert.deepEqual(wrong, [], `${wrong.length} of ${expected.notes.size} notes are not as they were acknowledged`)
  // What was under way is known from now on; a server may still be making it.
  if (onPostgres) return
  for (const id of expected.notes.keys()) expected.notes.set(id, [found.get(id)])
}

// How SQLite commits depends on settings; with PostgreSQL the server commits.
const kinds: { rounds: number; settings: Record<string, string> }[] = [
  { rounds: 4, settings: {} },
  ...(onPostgres
    ? []
    : [
        { rounds: 2, settings: { JOURNAL_MODE: 'wal' } },
        { rounds: 2, settings: { AUTH: 'session', GROUP_COMMIT: 'off' } },
      ]),
]
for (const { rounds, settings } of kinds) {
  test(
    `kill -9 under concurrent writes loses nothing acknowledged: ${rounds} rounds, ${JSON.stringify(settings)}`,
    limit,
    async (t) => {
      const expected: Expected = { notes: new Map(), acknowledged: 0 }
      let api = await startApi(t, settings)
      const token = await api.login()
      for (let round = 1; round <= rounds; round++) {
        const enough = expected.acknowledged + 80 // five a writer: every kind of write is among them
        let writing = true
        const ended = () => {
          writing = false
        }
        const writers = Promise.all(Array.from({ length: 16 }, () => write(api, token, expected)))
        writers.then(ended, ended) // errors are thrown where they are awaited
        for (const end = Date.now() + 60_000; writing && expected.acknowledged < enough; await sleep(1)) {
          assert.ok(Date.now() < end, `${enough} writes were not acknowledged within a minute`)
        }
        await sleep((round * 7) % 20)
        await api.stop('SIGKILL')
        await writers
        api = await startApi(t, api.env)
        await assertNothingLost(api, token, expected)
      }
      const kinds = [...expected.notes.values()].map(([title]) =>
        title === undefined ? 'deleted' : title.split(' ')[1],
      )
      for (const kind of [undefined, 'changed', 'deleted'])
        assert(kinds.includes(kind), `no note was ${kind ?? 'made'}`)
    },
  )
}

const skip = onPostgres && 'the server has the database'

test('kill -9 while the database is created leaves nothing that a restart cannot repair', {
  ...limit,
  skip,
}, async (t) => {
  for (let round = 0; round < 2; round++) {
    const folder = newFolder(t)
    const env = {
      DATABASE_PATH: join(folder, 'notes.db'),
      LAB_USERS: 'demo:durable-password',
      JWT_SECRET: randomBytes(48).toString('base64'),
    }
    const child = spawn(process.execPath, program, {
      cwd: folder,
      env: { ...env, PORT: '0', METRICS_PORT: '0' },
      stdio: 'ignore',
    })
    const exited = once(child, 'exit')
    for (const end = Date.now() + 60_000; readdirSync(folder).length === 0; await sleep(0)) {
      assert.ok(Date.now() < end, 'no file was created within a minute')
    }
    child.kill('SIGKILL')
    await exited
    const api = await startApi(t, env)
    assert.equal((await api.fetch('/data/notes', { token: await api.login() })).status, 200)
    await api.stop('SIGKILL')
  }
})

test('a write that violates a constraint fails alone; the write that shares its commit is kept', {
  ...limit,
  skip: onPostgres && 'PostgreSQL groups commits by itself',
}, async (t) => {
  const api = await startApi(t)
  const [demo, eve] = [await api.login('demo'), await api.login('eve')]
  const other = new Database(api.databasePath, { timeout: 10_000 })
  t.after(() => other.close())
  other.exec(
    `CREATE TRIGGER refuse BEFORE INSERT ON notes WHEN NEW.title = 'refused' BEGIN SELECT RAISE(ABORT, ''); END`,
  )
  const post = (token: string, title: string, end = '') => {
    const body = JSON.stringify({ title, body: '' })
    const head = `POST /data/notes HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer ${token}\r\n${end}`
    return `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  }
  const commits = async (what: string) =>
    Number(
      (await (await fetch(api.metricsUrl)).text()).match(new RegExp(`^db_commit_batch_size_${what} (.*)$`, 'm'))?.[1],
    )
  const before = [await commits('count'), await commits('sum')]
  // In one packet, so that all three are read in one turn of the event loop.
  const bytes = post(demo, 'first') + post(eve, 'refused') + post(demo, 'last', 'Connection: close\r\n')
  const answers = (await sendRaw(api.url, bytes)).match(/HTTP\/1\.1 \d+/g)
  assert.deepEqual(answers, ['HTTP/1.1 201', 'HTTP/1.1 500', 'HTTP/1.1 201'])
  const after = [await commits('count'), await commits('sum')]
  assert.deepEqual(
    after.map((value, i) => value - Number(before[i])),
    [1, 3],
    'the three shared one commit',
  )
  await api.stop('SIGKILL')
  const titles = other.prepare('SELECT title FROM notes ORDER BY id').pluck().all()
  assert.deepEqual(titles, ['first', 'last'])
})
