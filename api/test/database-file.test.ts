import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { refuseForeign } from '../src/database/sqlite-file.ts'
import { endOf, giveToApi, newFolder, startApi, until } from './start-api.ts'

const applicationId = 0x6e6f7465
type Health = { database: { reason: string | null } }

/** A place for a database, and a file that SQL has made there. */
function fileOf(t: TestContext, sql: string) {
  const path = join(newFolder(t), 'notes.db')
  if (sql) new Database(path).exec(sql).close()
  else writeFileSync(path, 'These are the notes of another program. '.repeat(100))
  giveToApi(path)
  return path
}

const newer = `CREATE TABLE kysely_migration (name PRIMARY KEY, timestamp); INSERT INTO kysely_migration VALUES ('9_later', '')`
const foreign = {
  'a file that is no database': '',
  'an empty database': 'VACUUM',
  'a database of another program': 'CREATE TABLE accounts (id)',
  'a database of another program in WAL mode': 'PRAGMA journal_mode = WAL; CREATE TABLE accounts (id)',
  'a database with the id of another program': 'CREATE TABLE users (id); PRAGMA application_id = 42',
}
/** Every file of a folder with its bytes. */
const filesOf = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'hex')]))

for (const [what, sql] of Object.entries(foreign)) {
  test(`${what} is refused with a sentence and stays byte for byte`, async (t) => {
    const path = fileOf(t, sql)
    await assertUntouched(path)
  })
}

/** The program refuses the file and changes, adds and removes nothing in its folder. */
async function assertUntouched(path: string) {
  const before = filesOf(join(path, '..'))
  const { code, stderr } = await endOf({ DATABASE_PATH: path })
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
  assert.ok(stderr.startsWith('DATABASE_PATH') && stderr.includes(path), stderr)
  assert.equal(code, 1)
  assert.deepEqual(filesOf(join(path, '..')), before)
}

// SQLite would finish such a change when it opens the file, whichever program made it.
for (const [suffix, mode] of [
  ['-journal', 'delete'],
  ['-wal', 'wal'],
] as const) {
  test(`a file without our id and with an unfinished change in ${suffix} stays as it is`, async (t) => {
    const working = fileOf(t, `PRAGMA journal_mode = ${mode}; CREATE TABLE accounts (x)`)
    const db = new Database(working)
    t.after(() => db.close())
    db.pragma('cache_size = 1') // writes pages before the commit, as a large transaction does
    db.exec('BEGIN; CREATE TABLE big (x)')
    for (let i = 0; i < 500; i++) db.prepare('INSERT INTO big VALUES (?)').run('x'.repeat(1000))
    if (mode === 'wal') db.exec('COMMIT')
    const path = join(newFolder(t), 'notes.db')
    for (const end of ['', suffix]) {
      copyFileSync(working + end, path + end)
      giveToApi(path + end)
    }
    await assertUntouched(path)
    const before = filesOf(join(path, '..'))
    new Database(path).exec('SELECT * FROM sqlite_schema').close()
    assert.notDeepEqual(filesOf(join(path, '..')), before, 'opening it would have finished the change')
  })
}

for (const size of [0, 21]) {
  test(`a file of ${size} bytes is refused at the start and stays as it is`, async (t) => {
    const path = join(newFolder(t), 'notes.db')
    writeFileSync(path, 'x'.repeat(size))
    giveToApi(path)
    await assertUntouched(path)
  })
}

const unreadable = '/sys/class/net/lo/speed' // Linux opens it and fails every read
test('a file that cannot be read is closed again', { skip: !existsSync(unreadable) && 'no such file' }, () => {
  const before = readdirSync('/proc/self/fd').length
  for (let i = 0; i < 10; i++) assert.throws(() => refuseForeign(unreadable), { syscall: 'read' })
  assert.equal(readdirSync('/proc/self/fd').length, before)
})

test('a database of another version of this program is refused with a sentence and keeps its content', async (t) => {
  const path = fileOf(t, `${newer}; PRAGMA application_id = ${applicationId}`)
  const { code, stderr } = await endOf({ DATABASE_PATH: path })
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
  assert.equal(code, 1)
  const db = new Database(path, { readonly: true })
  assert.deepEqual(db.prepare('SELECT name FROM kysely_migration').pluck().all(), ['9_later'])
  db.close()
})

test('our file without one of its tables is corrupt, and the log has the error', async (t) => {
  const api = await startApi(t)
  const other = new Database(api.databasePath)
  t.after(() => other.close())
  other.exec('ALTER TABLE users RENAME TO lost')
  const { err } = await api.logged(({ msg, reason }) => msg === 'database unavailable' && reason === 'corrupt')
  assert.equal((err as { code: string }).code, 'SQLITE_ERROR')
  other.exec('ALTER TABLE lost RENAME TO users')
  await api.login()
})

test('another program’s database that takes the place of ours while the API runs is an outage, and stays as it is', async (t) => {
  const api = await startApi(t)
  const other = fileOf(t, foreign['a database of another program'])
  const before = readFileSync(other)
  const path = api.databasePath
  renameSync(path, `${path}.away`)
  renameSync(other, path)
  const reason = async () => ((await (await api.fetch('/health')).json()) as Health).database.reason
  await until('/health says corrupt', async () => (await reason()) === 'corrupt')
  const error = await api.logged(({ msg, reason }) => msg === 'database unavailable' && reason === 'corrupt')
  assert.ok(error.err, 'the log says what is wrong with the file')
  assert.deepEqual(readFileSync(path), before)
  renameSync(`${path}.away`, path)
  await api.login()
})
