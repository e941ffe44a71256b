import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { UserError } from '../src/errors.ts'
import { writeRun } from '../src/runner/write-run.ts'
import { findRun } from '../src/runs/find-run.ts'
import type { Journal } from '../src/runs/journal.ts'
import { addToLabDb } from '../src/runs/lab-db.ts'
import { readEvents } from '../src/runs/read-events.ts'
import { scratchFolder } from './helpers.ts'
import { attacked, fixtures, generated, outageJournal } from './report-fixtures.ts'

function runsFolder(t: TestContext): string {
  return join(scratchFolder(t), 'runs')
}

function journalOf(change: Partial<Journal>): Journal {
  return { ...outageJournal(), ...change }
}

/** The rows of a query over a runs folder's lab.db. */
function ask(runs: string, sql: string): Record<string, unknown>[] {
  const db = new Database(join(runs, 'lab.db'), { fileMustExist: true })
  try {
    return db.prepare(sql).all() as Record<string, unknown>[]
  } finally {
    db.close()
  }
}

test('a run leaves its journal, one line per second and a report, all readable as ordinary files', (t) => {
  const runs = runsFolder(t)
  const journal = outageJournal()
  const folder = writeRun(runs, journal)
  assert.equal(basename(folder), '2026-11-22T17-42-25.187Z-outage-chmod')
  assert.deepEqual(JSON.parse(readFileSync(join(folder, 'journal.json'), 'utf8')), journal)
  const lines = readFileSync(join(folder, 'metrics_events.jsonl'), 'utf8').trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    journal.seconds,
  )
  assert.match(readFileSync(join(folder, 'report.html'), 'utf8'), /^<!doctype html>/)
  for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o600, 0o600)
  assert.deepEqual(readdirSync(runs).sort(), [basename(folder), 'lab.db'])
})

test('runs of one moment keep apart, and repeats carry their number', (t) => {
  const runs = runsFolder(t)
  const [first, second] = [writeRun(runs, outageJournal()), writeRun(runs, outageJournal())]
  assert.notEqual(first, second)
  assert.match(writeRun(runs, journalOf({ run: { number: 3, of: 5 } })), /outage-chmod-3$/)
  assert.deepEqual(ask(runs, 'SELECT count(DISTINCT run) AS runs FROM metrics_events'), [{ runs: 3 }])
})

for (const experiment of ['../../escape', '/etc/escape', '..', '', 'a\nb', 'x'.repeat(5_000), 'CON:*?"<>|']) {
  test(`a run named ${JSON.stringify(experiment.slice(0, 20))} stays in its folder`, (t) => {
    const runs = runsFolder(t)
    const folder = writeRun(runs, journalOf({ experiment }))
    assert.equal(dirname(folder), runs)
    assert.match(basename(folder), /^2026-11-22T17-42-25\.187Z-[\w-]{1,80}$/)
    assert.deepEqual(readdirSync(dirname(runs)), ['runs'])
    assert.equal(findRun(runs).journal.experiment, experiment)
  })
}

test('lab.db answers how each phase of the newest run went', (t) => {
  const runs = runsFolder(t)
  writeRun(runs, journalOf({ started: '2020-01-01T00:00:00Z' }))
  writeRun(runs, outageJournal())
  const rows = ask(
    runs,
    `SELECT phase, count(*) AS seconds, round(avg(rate)) AS rate, round(100 * avg(error_ratio), 1) AS failed_percent, max(p99_ms) AS worst_p99
     FROM metrics_events WHERE run = (SELECT max(run) FROM metrics_events) GROUP BY phase ORDER BY min(second)`,
  )
  assert.deepEqual(
    rows.map(({ phase, seconds }) => [phase, seconds]),
    [
      ['before', 30],
      ['outage', 20],
      ['after', 30],
    ],
  )
  assert.ok((rows[1]?.failed_percent as number) > 99)
})

test('lab.db answers how each kind of fault feels, over all runs', (t) => {
  const runs = runsFolder(t)
  writeRun(runs, outageJournal())
  writeRun(runs, outageJournal())
  const rows = ask(
    runs,
    `SELECT coalesce(fault, 'none') AS fault, count(DISTINCT run) AS runs, count(*) AS seconds,
            round(avg(error_ratio), 3) AS error_ratio, round(avg(p95_ms), 1) AS p95_ms
     FROM metrics_events GROUP BY 1 ORDER BY 1`,
  )
  assert.deepEqual(
    rows.map(({ fault, runs, seconds }) => [fault, runs, seconds]),
    [
      ['chmod', 2, 42],
      ['none', 2, 118],
    ],
  )
  assert.ok((rows[0]?.p95_ms as number) < (rows[1]?.p95_ms as number), 'refusals are quicker than answers')
})

test('lab.db answers when clients suffered and the API did not say so', (t) => {
  const runs = runsFolder(t)
  const journal = outageJournal()
  for (const second of journal.seconds.slice(10, 12))
    Object.assign(second, { error_ratio: 0.5, statuses: { 200: 50, 503: 50 } })
  writeRun(runs, journal)
  const rows = ask(
    runs,
    `SELECT run, second, error_ratio, statuses ->> '503' AS refused FROM metrics_events
     WHERE error_ratio > 0.01 AND degraded = 0 ORDER BY run, second`,
  )
  assert.deepEqual(
    rows.map(({ second, refused }) => [second, refused]),
    [
      [10, 50],
      [11, 50],
    ],
  )
})

/** Writes a run in a process that may make no file longer than so many blocks, or that is another user. */
function writeElsewhere(folder: string, options: { blocks?: number; uid?: number }) {
  const limit = options.blocks === undefined ? '' : `ulimit -f ${options.blocks}; `
  const script = join(import.meta.dirname, 'runs-write.ts')
  const { status, stderr, stdout } = spawnSync(
    'sh',
    ['-c', `${limit}exec "$@"`, 'sh', process.execPath, script, folder],
    {
      encoding: 'utf8',
      uid: options.uid,
      timeout: 60_000,
    },
  )
  return { status, says: stdout + stderr }
}

// In blocks of 512 bytes. A long run before makes lab.db the longest file, so that it is the one that does not fit.
const rooms: [number, string, RegExp][] = [
  [0, 'no file', /EFBIG/],
  [100, 'the journal, but not the report', /EFBIG/],
  [300, 'the whole folder, but not lab.db', /SQLITE_(FULL|IOERR)/],
]
for (const [blocks, what, reason] of rooms) {
  test(`a disk with room for ${what}: a sentence, and nothing half-written stays`, (t) => {
    const runs = runsFolder(t)
    writeRun(runs, journalOf({ seconds: generated(2_000) }))
    const before = [readdirSync(runs).sort(), ask(runs, 'SELECT count(*) FROM metrics_events')]
    const { status, says } = writeElsewhere(runs, { blocks })
    assert.equal(status, 2, says)
    assert.match(says, /^The run could not be kept in /)
    assert.match(says, reason)
    // Asked first: the limit keeps SQLite even from rollback, which it then does when the file is opened again.
    const rows = ask(runs, 'SELECT count(*) FROM metrics_events')
    assert.deepEqual([readdirSync(runs).sort(), rows], before)
    assert.equal(writeElsewhere(runs, { blocks: 10_000 }).status, 0, 'with enough room it works')
  })
}

test('a full disk leaves no lab.db that was not there before', (t) => {
  const runs = runsFolder(t)
  assert.equal(writeElsewhere(runs, { blocks: 0 }).status, 2)
  assert.deepEqual(readdirSync(runs), [])
})

test('seconds that cannot be kept together with their folder leave no lab.db that was not there before', (t) => {
  const runs = scratchFolder(t)
  const refuse = () => {
    throw new Error('no room for the folder')
  }
  assert.throws(() => addToLabDb(runs, 'a', outageJournal(), refuse), { message: 'no room for the folder' })
  assert.deepEqual(readdirSync(runs), [])
  addToLabDb(runs, 'b', outageJournal(), () => {})
  assert.throws(() => addToLabDb(runs, 'c', outageJournal(), refuse))
  assert.deepEqual(ask(runs, 'SELECT DISTINCT run FROM metrics_events'), [{ run: 'b' }])
})

test('lab.db answers what an attacker met, and what that cost', (t) => {
  const runs = runsFolder(t)
  const attack = { phase: 'flood', name: 'flood', attempts: 50, statuses: { 0: 30, 408: 20 } }
  writeRun(runs, attacked(attack, { attempts: { 0: 3, 408: 2 }, memory_mb: 150, open_connections: 400 }))
  const rows = ask(
    runs,
    `SELECT sum(attempts ->> '408') AS refused, sum(attempts ->> '0') AS cut, max(memory_mb) AS mb, max(open_connections) AS open
     FROM metrics_events`,
  )
  assert.deepEqual(rows, [{ refused: 20, cut: 30, mb: 150, open: 400 }])
})

const labDbs: [string, (file: string) => void, string[]][] = [
  ['deleted', (file) => rmSync(file), []],
  [
    'broken',
    (file) => writeFileSync(file, 'no database, but long enough to be read as one '.repeat(20)),
    ['lab.db.broken'],
  ],
  ['of another shape', (file) => remade(file), ['lab.db.broken']],
]
function remade(file: string): void {
  rmSync(file)
  new Database(file).exec('CREATE TABLE metrics_events (run TEXT, second INTEGER)').close()
}
for (const [what, damage, aside] of labDbs) {
  test(`a lab.db that is ${what} is made anew from the folders of all runs whose journal can be read`, (t) => {
    const runs = runsFolder(t)
    const folders = [1, 2, 3].map(() => writeRun(runs, outageJournal()))
    writeFileSync(join(folders[1] as string, 'journal.json'), 'cut off')
    damage(join(runs, 'lab.db'))
    const last = writeRun(runs, outageJournal())
    const kept = [folders[0], folders[2], last].map((folder) => ({ run: basename(folder as string), seconds: 80 }))
    const rows = ask(runs, 'SELECT run, count(*) AS seconds FROM metrics_events GROUP BY run')
    assert.deepEqual(
      rows,
      kept.sort((a, b) => (a.run < b.run ? -1 : 1)),
    )
    assert.deepEqual(
      readdirSync(runs).filter((name) => name.startsWith('lab.db.')),
      aside,
    )
  })
}

const holders: [string, (db: Database.Database) => unknown][] = [
  ['writes to', (db) => db.exec('BEGIN EXCLUSIVE')],
  ['reads', (db) => db.exec('BEGIN; SELECT * FROM metrics_events')],
]
for (const [does, hold] of holders) {
  test(`while somebody else ${does} lab.db a run is kept all the same, and the next one brings its seconds along`, (t) => {
    const runs = runsFolder(t)
    writeRun(runs, outageJournal())
    const holder = new Database(join(runs, 'lab.db'))
    hold(holder)
    const held = writeRun(runs, outageJournal())
    assert.ok(existsSync(join(held, 'report.html')))
    assert.deepEqual(readdirSync(runs).filter((name) => !name.startsWith('lab.db')).length, 2)
    holder.close()
    const seconds = () => ask(runs, 'SELECT count(*) AS seconds FROM metrics_events')
    assert.deepEqual(seconds(), [{ seconds: 80 }])
    writeRun(runs, outageJournal())
    assert.deepEqual(seconds(), [{ seconds: 240 }])
  })
}

test('a runs folder that may not be written, or is none, is answered with a sentence', (t) => {
  const runs = runsFolder(t)
  writeFileSync(runs, 'a file')
  assert.throws(() => writeRun(runs, outageJournal()), { message: /could not be kept in .* \((EEXIST|ENOTDIR)\)/ })
  const closed = scratchFolder(t)
  mkdirSync(join(closed, 'runs'), { mode: 0o555 })
  // Permissions mean nothing to root, so root asks as somebody else.
  const { status, says } = writeElsewhere(join(closed, 'runs'), { uid: process.getuid?.() === 0 ? 65534 : undefined })
  assert.equal(status, 2, says)
  assert.match(says, /could not be kept in .* \(EACCES\)/)
  assert.deepEqual(readdirSync(join(closed, 'runs')), [])
})

test('what a killed writer left is removed later, and is never taken for a run', (t) => {
  const runs = runsFolder(t)
  const draft = join(runs, '.draft-1-2026-01-01T00-00-00.000Z-x')
  mkdirSync(draft, { recursive: true })
  assert.throws(() => findRun(runs), { message: /no runs in/ })
  writeRun(runs, outageJournal())
  assert.ok(existsSync(draft), 'it may still be at work')
  utimesSync(draft, 0, 0)
  writeRun(runs, outageJournal())
  assert.ok(!existsSync(draft))
})

test('a run is found as the newest, by its folder, by a path to it, and by its experiment', (t) => {
  const runs = runsFolder(t)
  const folders = ['2026-01-01', '2026-01-02', '2026-01-03'].map((day, i) =>
    writeRun(runs, journalOf({ started: `${day}T00:00:00Z`, experiment: i === 2 ? 'baseline' : 'outage-chmod' })),
  )
  const found = (name?: string) => findRun(runs, name).folder
  assert.equal(found(), folders[2])
  assert.equal(found('outage-chmod'), folders[1])
  assert.equal(found(basename(folders[0] as string)), folders[0])
  assert.equal(found(`${folders[0]}/`), folders[0])
  assert.throws(() => found('chmod'), {
    message: /There is no run chmod\. The last ones are:\n {2}2026-01-03.*baseline\n/,
  })
})

const broken: [string, string, RegExp][] = [
  ['empty', '', /cannot be read as JSON/],
  ['cut off', '{"schema": 2, "experiment": "x', /cannot be read as JSON/],
  ['null', 'null', /has schema none/],
  ['of the demo', '{"schema": 1, "kind": "demo"}', /has schema 1, and only 2 is understood/],
  ['without its parts', '{"schema": 2}', /is not whole, wrong or missing: experiment, question, .* and more/],
  [
    'with seconds that are none',
    JSON.stringify({ ...outageJournal(), seconds: [1, null] }),
    /is not whole, wrong or missing: seconds\./,
  ],
]
for (const [what, text, sentence] of broken) {
  test(`a journal that is ${what} is answered with a sentence`, (t) => {
    const runs = runsFolder(t)
    writeFileSync(join(writeRun(runs, outageJournal()), 'journal.json'), text)
    assert.throws(() => findRun(runs), { constructor: UserError, message: sentence })
  })
}

test('seconds are read from a run, from a file, and from a folder of files; a wrong line is named', (t) => {
  const runs = runsFolder(t)
  const folder = writeRun(runs, outageJournal())
  for (const name of [undefined, 'outage-chmod', folder, join(folder, 'metrics_events.jsonl')]) {
    const [only, ...more] = readEvents(runs, name)
    assert.deepEqual([only?.name, only?.events.length, more.length], [basename(folder), 80, 0])
  }
  assert.ok(readEvents(runs, fixtures).length > 3)
  const file = join(folder, 'other.jsonl')
  writeFileSync(file, '{"second": 0}\n\n{"second": "one"}\n')
  assert.throws(() => readEvents(runs, file), { message: /other\.jsonl, line 3: this is not a second/ })
  writeFileSync(file, '')
  assert.throws(() => readEvents(runs, file), { message: /has no seconds/ })
})
