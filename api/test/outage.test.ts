import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { type Api, endOf, giveToApi, newFolder, startApi, until } from './start-api.ts'

const limit = { timeout: 150_000 } // only against hanging

type Answer = { operation: string; sent: number; done: number; status: number; refused: boolean; type: string }
type Health = {
  status: string
  degraded: boolean
  database: { available: boolean; reads: boolean; writes: boolean; reason: string | null }
}

async function healthOf(api: Api): Promise<Health> {
  const response = await api.fetch('/health')
  assert.equal(response.status, 200)
  return (await response.json()) as Health
}

/** Asserts that /health and the metrics say that the database can do this. */
async function assertState(api: Api, status: 'ok' | 'read_only' | 'degraded') {
  const [reads, writes] = [status !== 'degraded', status === 'ok']
  const { database, ...health } = await healthOf(api)
  assert.deepEqual([health.status, health.degraded], [status, status !== 'ok'])
  assert.deepEqual([database.available, database.reads, database.writes], [writes, reads, writes])
  const available = ['read', 'write'].map((operation) => metric(api, `db_available{operation="${operation}"}`))
  assert.deepEqual(await Promise.all(available), [Number(reads), Number(writes)])
}

async function metric(api: Api, series: string): Promise<number> {
  const page = await (await fetch(api.metricsUrl)).text()
  return Number(page.split(`\n${series} `)[1]?.split('\n')[0])
}

const operations = ['create', 'list', 'read', 'change', 'delete']

/** All five operations on notes, over and over, until `stop`. `notes` is what was acknowledged: titles by id. */
function startLoad(api: Api, token: string) {
  const answers: Answer[] = []
  const notes = new Map<string, string>()
  let on = true

  async function send(operation: string, method: string, path: string, title?: string) {
    const sent = performance.now()
    const json = title === undefined ? undefined : { title, body: 'b'.repeat(5_000) }
    const response = await api.fetch(path, { method, token, json })
    const text = await response.text()
    const type = response.headers.get('Content-Type')
    const refused =
      response.status === 503 &&
      type === 'application/problem+json' &&
      Number(response.headers.get('Retry-After')) > 0 &&
      JSON.parse(text).status === 503
    const problem = refused ? JSON.parse(text).type : ''
    answers.push({ operation, sent, done: performance.now(), status: response.status, refused, type: problem })
    return response.ok ? response : undefined
  }

  async function work(name: number) {
    const ids: string[] = []
    for (let i = 0; on; i++) {
      const title = `note ${i} of ${name}`
      const made = await send('create', 'POST', '/data/notes', title)
      const id = made?.headers.get('Location')?.split('/').at(-1)
      if (id) {
        ids.push(id)
        notes.set(id, title)
      }
      await send('list', 'GET', '/data/notes')
      const [first = '', last = ''] = [ids[0], ids.at(-1)]
      await send('read', 'GET', `/data/notes/${first}`)
      if (await send('change', 'PUT', `/data/notes/${first}`, `${title}, changed`))
        notes.set(first, `${title}, changed`)
      // Less often than notes are made, so that in an outage too there is one to try it on.
      if (i % 2 === 1 && (await send('delete', 'DELETE', `/data/notes/${last}`))) notes.delete(ids.pop() ?? '')
    }
  }
  async function watch() {
    for (; on; await sleep(20)) await healthOf(api)
  }
  const done = Promise.all([watch(), ...[1, 2, 3].map(work)])
  done.catch(() => {}) // it is told by stop()

  return {
    answers,
    /** Waits for an answer of this status; gives the time it came. */
    async answered(status: number): Promise<number> {
      const now = performance.now()
      const fits = (answer: Answer) => answer.done >= now && answer.status === status
      await until(`an answer ${status}`, () => answers.some(fits))
      return (answers.find(fits) as Answer).done
    },
    /** Ends the load; what the API holds must be what it acknowledged, and nothing of what it refused. */
    async stop() {
      on = false
      await done
      const found = new Map<string, string>()
      for (let cursor = ''; cursor !== 'null'; ) {
        const response = await api.fetch(`/data/notes?limit=100${cursor && `&cursor=${cursor}`}`, { token })
        const page = (await response.json()) as { items: { id: string; title: string }[]; next_cursor: string | null }
        for (const { id, title } of page.items) found.set(id, title)
        cursor = String(page.next_cursor)
      }
      assert.deepEqual([...found].sort(), [...notes].sort())
    },
  }
}

/** Does damage to the database at this path, as its owner would, and gives what undoes it. */
type Fault = (path: string) => (() => void) | Promise<() => void>
type Story = { reason: string; land: Fault }

const faults = {
  'the file is chmod 000': { reason: 'permission', land: (path) => chmod(path, 0) },
  'the folder is chmod 000': { reason: 'permission', land: (path) => chmod(join(path, '..'), 0) },
  'the file is renamed': { reason: 'missing', land: (path) => move(path, `${path}.away`) },
  'the file is moved away': { reason: 'missing', land: (path) => move(path, join(path, '../elsewhere')) },
  'another file takes its name': {
    reason: 'corrupt',
    land(path) {
      return replace(path, (other) => fs.writeFileSync(other, 'These are the notes of another program. '.repeat(100)))
    },
  },
  'an empty database takes its name': {
    reason: 'corrupt',
    land(path) {
      return replace(path, (other) => {
        fs.truncateSync(other)
        new Database(other).exec('VACUUM').close()
      })
    },
  },
  'the file is cut to nothing': {
    reason: 'truncated',
    land(path) {
      const release = lock(path)
      execFileSync('cp', ['-p', path, `${path}.copy`]) // in a process of its own: reading it here would drop the lock
      fs.truncateSync(path)
      release()
      return () => fs.renameSync(`${path}.copy`, path)
    },
  },
  'another process holds an exclusive lock': { reason: 'locked', land: lock },
} satisfies Record<string, Story>

function chmod(path: string, mode: number) {
  const before = fs.statSync(path).mode
  fs.chmodSync(path, mode)
  return () => fs.chmodSync(path, before)
}

function move(path: string, to: string) {
  fs.renameSync(path, to)
  return () => {
    assert(!fs.existsSync(path), 'a file was made in place of the one that is missing')
    fs.renameSync(to, path)
  }
}

function replace(path: string, make: (other: string) => void) {
  execFileSync('cp', ['-p', path, `${path}.other`]) // a copy has the owner whom the API can be
  make(`${path}.other`)
  fs.linkSync(path, `${path}.away`)
  fs.renameSync(`${path}.other`, path)
  return () => fs.renameSync(`${path}.away`, path)
}

/** This process is another than the API's, so it can hold the lock. */
function lock(path: string, begin = 'BEGIN EXCLUSIVE') {
  const db = new Database(path, { timeout: 10_000 })
  db.exec(begin)
  return () => void db.close()
}

/** Runs the load through one fault. After the first 503 every operation is refused but those of `goOn`. */
async function suffer(api: Api, reason: string, land: Fault, goOn: string[] = [], user = 'demo') {
  const load = startLoad(api, await api.login(user))
  const errors = `db_errors_total{reason="${reason}"}`
  const errorsBefore = await metric(api, errors)
  await load.answered(204)
  const undo = await land(api.databasePath)
  let first = 0
  let lifted = 0
  try {
    first = await load.answered(503)
    const tried = (operation: string) => load.answers.some((each) => each.operation === operation && each.sent > first)
    await until('every operation was tried', () => operations.every(tried))
    await until(`/health says ${reason}`, async () => (await healthOf(api)).database.reason === reason)
    await assertState(api, goOn.length > 0 ? 'read_only' : 'degraded')
    await load.answered(503)
    assert((await metric(api, errors)) > errorsBefore)
  } finally {
    lifted = performance.now()
    undo()
  }
  await load.answered(201)
  await until('/health is ok again', async () => !(await healthOf(api)).degraded)
  await assertState(api, 'ok')
  await load.stop()

  const problem = goOn.length > 0 ? '/problems/database-read-only' : '/problems/database-unavailable'
  const strange = load.answers.filter(({ sent, done, operation, status, refused, type }) => {
    if (sent < first || done > lifted) return status >= 300 && !refused
    return goOn.includes(operation) ? status !== 200 : !refused || type !== problem
  })
  assert.deepEqual(strange, [])
}

test('one process outlives one outage after another', async (t) => {
  const stories = Object.entries<Story>(faults)
  const users = ['demo', ...stories.keys()].map((name) => `${name}:password`).join()
  const api = await startApi(t, { LAB_USERS: users })
  for (const [user, [what, { reason, land }]] of stories.entries()) {
    await t.test(`while ${what} every operation is 503, and then the API comes back by itself`, limit, async () => {
      await suffer(api, reason, land, [], String(user))
    })
  }

  await t.test('without any traffic /health notices each fault and its end', limit, async () => {
    for (const [what, { reason, land }] of stories) {
      const undo = await land(api.databasePath)
      await until(`/health says ${reason}, for ${what}`, async () => (await healthOf(api)).database.reason === reason)
      undo()
      await until(`/health is ok after ${what}`, async () => !(await healthOf(api)).degraded)
    }
    assert.equal((await api.fetch('/data/notes', { token: await api.login() })).status, 200)
  })

  await t.test('short outages in quick succession end in health, with nothing lost', limit, async () => {
    const load = startLoad(api, await api.login())
    await load.answered(204)
    for (const [i, [, { land }]] of stories.entries()) {
      const undo = await land(api.databasePath)
      await sleep((i * 40) % 150)
      undo()
      await sleep((i * 70) % 150)
    }
    await load.answered(204)
    await until('/health is ok', async () => !(await healthOf(api)).degraded)
    await load.stop()
  })
})

test('in WAL mode an exclusive lock stops only the writes', limit, async (t) => {
  await suffer(await startApi(t, { JOURNAL_MODE: 'wal' }), 'locked', lock, ['list', 'read'])
})

for (const journalMode of ['delete', 'wal']) {
  test(`a file that becomes read-only stops only the writes (${journalMode})`, limit, async (t) => {
    const api = await startApi(t, { JOURNAL_MODE: journalMode })
    await suffer(api, 'readonly', (path) => chmod(path, 0o444), ['list', 'read'])
    await api.logged(({ msg }) => msg === 'database available')
    const changes = api.logs.filter((line) => 'db_unavailable' in line && line.msg !== 'request')
    assert.deepEqual(
      changes.map(({ msg, reason }) => [msg, reason]),
      [
        ['database read-only', 'readonly'],
        ['database available', undefined],
      ],
    )
  })
}

// In mode delete a commit that is interrupted leaves a journal, which only a writer can undo: then reads stop too.
test('a folder that becomes read-only stops only the writes (wal)', limit, async (t) => {
  await suffer(await startApi(t, { JOURNAL_MODE: 'wal' }), 'readonly', (path) => chmod(join(path, '..'), 0o555), [
    'list',
    'read',
  ])
})

test('started on a read-only file, users log in and read; writes are back without a restart', limit, async (t) => {
  const path = join(newFolder(t), 'notes.db')
  const first = await startApi(t, { DATABASE_PATH: path })
  await first.stop()
  fs.chmodSync(path, 0o444)
  const api = await startApi(t, first.env)
  await assertState(api, 'read_only')
  const token = await api.login()
  assert.equal((await api.fetch('/data/notes', { token })).status, 200)
  const logout = await api.fetch('/auth/logout', { method: 'POST', token })
  assert.deepEqual(
    [logout.status, ((await logout.json()) as { type: string }).type],
    [503, '/problems/database-read-only'],
  )
  fs.chmodSync(path, 0o600)
  await until('/health is ok', async () => (await healthOf(api)).status === 'ok')
  const note = { method: 'POST', token, json: { title: 'a', body: '' } }
  assert.equal((await api.fetch('/data/notes', note)).status, 201)
})

test('a reader outside stops only the writes, and no transaction stays open', limit, async (t) => {
  await suffer(
    await startApi(t),
    'locked',
    (path) => {
      const leave = lock(path, 'BEGIN; SELECT count(*) FROM notes')
      return () => {
        lock(path, 'BEGIN IMMEDIATE')()
        leave()
      }
    },
    ['list', 'read'],
  )
})

const skipDisk = process.getuid?.() !== 0 && 'only root can mount a small disk'

/** A place for a database on a disk of 1 MiB; undefined where none can be mounted. */
function smallDisk(t: TestContext) {
  const disk = fs.mkdtempSync(join(tmpdir(), 'api-test-disk-'))
  function unmount() {
    spawnSync('umount', ['--lazy', disk]) // the API may still be there
    fs.rmdirSync(disk)
  }
  t.after(unmount)
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      unmount()
      process.exit(1)
    })
  }
  const { stderr, status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { encoding: 'utf8' })
  if (status !== 0) return void t.skip(`a small disk cannot be mounted here: ${stderr}`)
  fs.mkdirSync(join(disk, 'data'))
  giveToApi(join(disk, 'data'))
  const ballast = join(disk, 'ballast')
  return {
    path: join(disk, 'data', 'notes.db'),
    fill() {
      try {
        for (;;) fs.appendFileSync(ballast, Buffer.alloc(4096))
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
      }
    },
    free: () => fs.rmSync(ballast),
  }
}

test('a full disk stops only the writes', { ...limit, skip: skipDisk }, async (t) => {
  const disk = smallDisk(t)
  if (!disk) return
  const api = await startApi(t, { DATABASE_PATH: disk.path })
  await suffer(
    api,
    'full',
    async () => {
      disk.fill()
      await until('/health is degraded', async () => (await healthOf(api)).degraded)
      disk.fill() // the room that the journal of the last write gave back
      return disk.free
    },
    ['list', 'read'],
  )
})

test('a disk that is full at a start with a new user is an outage like others', {
  ...limit,
  skip: skipDisk,
}, async (t) => {
  const disk = smallDisk(t)
  if (!disk) return
  await (await startApi(t, { DATABASE_PATH: disk.path })).stop()
  disk.fill()
  const api = await startApi(t, { DATABASE_PATH: disk.path, LAB_USERS: 'late:late-password' })
  assert.equal((await healthOf(api)).database.reason, 'full')
  disk.free()
  await api.login('late')
})

test('a disk that is full at the first start ends the program with a sentence', {
  ...limit,
  skip: skipDisk,
}, async (t) => {
  const disk = smallDisk(t)
  if (!disk) return
  disk.fill()
  const { code, stderr } = await endOf({ DATABASE_PATH: disk.path })
  assert.match(stderr, /^DATABASE_PATH.*SQLITE_FULL.*\n$/)
  assert.equal(code, 1)
  disk.free()
  await (await startApi(t, { DATABASE_PATH: disk.path })).login()
})

const skipLimit = spawnSync('prlimit').error !== undefined && 'prlimit is not installed'
function limitFiles(api: Api, bytes: string) {
  const sameUser = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  execFileSync('prlimit', ['--pid', String(api.child.pid), `--fsize=${bytes}`], sameUser)
}

test('a write that meets an I/O error is in doubt, and those that are refused then are not', {
  ...limit,
  skip: skipLimit,
}, async (t) => {
  const api = await startApi(t)
  const token = await api.login()
  async function write() {
    const answer = await api.fetch('/data/notes', { method: 'POST', token, json: { title: 'a', body: '' } })
    return [answer.status, ((await answer.json()) as { detail?: string }).detail?.includes('Nothing was changed')]
  }
  limitFiles(api, '1:')
  assert.deepEqual(await write(), [503, false])
  assert.equal((await healthOf(api)).database.reason, 'io_error')
  assert.deepEqual(await write(), [503, true])
  limitFiles(api, 'unlimited:')
  await until('a note is made', async () => (await write())[0] === 201)
})

test('started in an outage, the API recovers by itself and makes its users then', async (t) => {
  const path = join(newFolder(t), 'notes.db')
  await (await startApi(t, { DATABASE_PATH: path })).stop()
  const startFaults: Record<string, Story> = {
    'the file is chmod 000': faults['the file is chmod 000'],
    // Its last bit lets the process start in it.
    'the folder is chmod 100': { reason: 'readonly', land: (path) => chmod(join(path, '..'), 0o100) },
    'the file is renamed': faults['the file is renamed'],
    'another process holds an exclusive lock': faults['another process holds an exclusive lock'],
  }
  for (const [what, { reason, land }] of Object.entries(startFaults)) {
    await t.test(`while ${what}`, limit, async (t) => {
      const user = what.replaceAll(' ', '-')
      const undo = await land(path)
      let api: Api
      try {
        api = await startApi(t, { DATABASE_PATH: path, LAB_USERS: `${user}:password` })
        assert.equal((await healthOf(api)).database.reason, reason)
        const login = await api.fetch('/auth/login', { method: 'POST', json: { username: user, password: 'x' } })
        // A database that can be read says that the user is not there yet.
        assert.equal(login.status, reason === 'readonly' ? 401 : 503)
      } finally {
        undo()
      }
      await api.login(user)
      await until('/health is ok', async () => !(await healthOf(api)).degraded)
    })
  }
})

test('a file that is moved away after a start that could not read it is not created again', limit, async (t) => {
  const path = join(newFolder(t), 'notes.db')
  await (await startApi(t, { DATABASE_PATH: path })).stop()
  fs.chmodSync(path, 0)
  const api = await startApi(t, { DATABASE_PATH: path })
  const undo = move(path, join(path, '../elsewhere'))
  await until('/health says missing', async () => (await healthOf(api)).database.reason === 'missing')
  undo() // fails if a file was made
})

test('a folder that cannot be written at the first start ends the program with a sentence', limit, async (t) => {
  const folder = newFolder(t)
  fs.chmodSync(folder, 0o500)
  const { code, stderr } = await endOf({ DATABASE_PATH: join(folder, 'notes.db') })
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
  assert.ok(stderr.startsWith('DATABASE_PATH'), stderr)
  assert.equal(code, 1)
  assert.deepEqual(fs.readdirSync(folder), [])
})

test(
  'with a busy timeout a locked database is waited for, and nothing else is answered meanwhile',
  limit,
  async (t) => {
    const api = await startApi(t, { BUSY_TIMEOUT_MS: '20000' })
    const token = await api.login()
    const other = new Database(api.databasePath)
    t.after(() => other.close())
    other.exec('BEGIN EXCLUSIVE')
    const notes = api.fetch('/data/notes', { token })
    let health: Promise<number> = Promise.resolve(0)
    await until('/health is not answered for half a second', async () => {
      health = api.fetch('/health').then(({ status }) => status)
      return (await Promise.race([health, sleep(500)])) === undefined
    })
    other.exec('ROLLBACK')
    assert.deepEqual([(await notes).status, await health], [200, 200])
  },
)
