import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { report } from '../src/commands/show.ts'
import { UserError } from '../src/errors.ts'
import { writeRun as keep } from '../src/runner/write-run.ts'
import { findRun } from '../src/runs/find-run.ts'
import type { Journal } from '../src/runs/journal.ts'
import { columns, updateLabDb } from '../src/runs/lab-db.ts'
import { scratchFolder } from './helpers.ts'
import { generated, outageJournal } from './report-fixtures.ts'

function runsFolder(t: TestContext): string {
  return join(scratchFolder(t), 'runs')
}

/** Keeps a run and returns its folder. */
function writeRun(runs: string, journal: Journal): string {
  const { folder, remark } = keep(runs, journal)
  assert.equal(remark, undefined)
  return folder
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

test('lab.db has a column for each field of a second, numbers as numbers and objects as JSON', (t) => {
  const runs = runsFolder(t)
  writeRun(runs, outageJournal())
  const found = ask(runs, "SELECT name, type FROM pragma_table_info('metrics_events')")
  const types = Object.fromEntries(found.map(({ name, type }) => [name, type]))
  assert.deepEqual(Object.keys(types), Object.keys(columns))
  const { second, p95_ms, degraded, statuses, fault } = types
  assert.deepEqual([second, p95_ms, degraded, statuses, fault], ['INTEGER', 'REAL', 'INTEGER', 'TEXT', 'TEXT'])
  const [row] = ask(runs, 'SELECT * FROM metrics_events WHERE second = 40')
  const [kept] = outageJournal().seconds.filter(({ second }) => second === 40)
  assert.deepEqual([row?.p95_ms, JSON.parse(String(row?.statuses))], [kept?.p95_ms, kept?.statuses])
})

// Permissions mean nothing to root, so root writes as another user, who must be able to enter this checkout.
const nobody = process.getuid?.() === 0 ? 65534 : undefined
const isClosed = spawnSync(process.execPath, ['--version'], { uid: nobody }).status !== 0
const skipClosed = isClosed && 'only root may enter this checkout'

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

// In blocks of 512 bytes.
for (const [blocks, what] of [
  [0, 'no file'],
  [100, 'the journal, but not the report'],
] as const) {
  test(`a disk with room for ${what}: exit code 2 and the reason, and nothing half-written stays`, (t) => {
    const runs = runsFolder(t)
    const { status, says } = writeElsewhere(runs, { blocks })
    assert.equal(status, 2, says)
    assert.match(says, /EFBIG/)
    assert.deepEqual(readdirSync(runs), [])
    assert.equal(writeElsewhere(runs, { blocks: 10_000 }).status, 0, 'with enough room it works')
  })
}

test('a disk with room for the folder, but not for lab.db: the run is kept, with a remark', (t) => {
  const runs = runsFolder(t)
  // A long run before makes lab.db the longest file, so that it is the one that does not fit.
  writeRun(runs, journalOf({ seconds: generated(2_000) }))
  const { status, says } = writeElsewhere(runs, { blocks: 300 })
  assert.deepEqual([status, /SQLITE_(FULL|IOERR)/.test(says)], [0, true], says)
  assert.ok(existsSync(join(findRun(runs).folder, 'report.html')))
  writeRun(runs, outageJournal())
  assert.deepEqual(ask(runs, 'SELECT count(DISTINCT run) AS runs FROM metrics_events'), [{ runs: 3 }])
})

test('make index forgets a run whose folder is gone, and names one that cannot be read', (t) => {
  const runs = runsFolder(t)
  const [gone = '', cut = '', kept = ''] = [1, 2, 3].map(() => writeRun(runs, outageJournal()))
  rmSync(gone, { recursive: true })
  writeFileSync(join(cut, 'journal.json'), 'cut off')
  assert.match(updateLabDb(runs) ?? '', new RegExp(basename(cut).replaceAll('.', '\\.')))
  assert.deepEqual(ask(runs, 'SELECT DISTINCT run FROM metrics_events'), [{ run: basename(kept) }])
})

test("the API's log is kept beside the journal where there is one", (t) => {
  const runs = runsFolder(t)
  const { folder } = keep(runs, outageJournal(), ['{"level":40}', 'not JSON'])
  assert.equal(readFileSync(join(folder, 'api.log'), 'utf8'), '{"level":40}\nnot JSON\n')
  assert.ok(!existsSync(join(writeRun(runs, outageJournal()), 'api.log')))
})

const labDbs: [string, (file: string) => unknown][] = [
  ['is deleted', (file) => rmSync(file)],
  ['is broken', (file) => writeFileSync(file, 'no database, but long enough to be read as one '.repeat(20))],
  ['may only be read', (file) => chmodSync(file, 0o444)],
  ['another program writes to', (file) => open(file).exec('BEGIN EXCLUSIVE')],
  ['another program reads', (file) => open(file).exec('BEGIN; SELECT * FROM metrics_events')],
]
const opened: Database.Database[] = []
after(() => {
  for (const one of opened) one.close()
})
function open(file: string): Database.Database {
  opened.push(new Database(file))
  return opened.at(-1) as Database.Database
}
for (const [what, change] of labDbs) {
  test(`a lab.db that ${what} is made anew from the folders of all runs whose journal can be read`, (t) => {
    const runs = runsFolder(t)
    const folders = [1, 2, 3].map(() => writeRun(runs, outageJournal()))
    writeFileSync(join(folders[1] as string, 'journal.json'), 'cut off')
    change(join(runs, 'lab.db'))
    const last = keep(runs, outageJournal()).folder
    const kept = [folders[0], folders[2], last].map((folder) => ({ run: basename(folder as string), seconds: 80 }))
    const rows = ask(runs, 'SELECT run, count(*) AS seconds FROM metrics_events GROUP BY run')
    assert.deepEqual(
      rows,
      kept.sort((a, b) => (a.run < b.run ? -1 : 1)),
    )
    assert.deepEqual(
      readdirSync(runs).sort(),
      [...folders, last]
        .map((one) => basename(one))
        .concat('lab.db')
        .sort(),
    )
  })
}

test('a runs folder that is no folder: the reason', (t) => {
  const runs = runsFolder(t)
  writeFileSync(runs, 'a file')
  assert.throws(() => writeRun(runs, outageJournal()), { constructor: UserError, message: /EEXIST|ENOTDIR/ })
})

test('a runs folder that may not be written: the reason', { skip: skipClosed }, (t) => {
  const closed = scratchFolder(t)
  mkdirSync(join(closed, 'runs'), { mode: 0o555 })
  const { status, says } = writeElsewhere(join(closed, 'runs'), { uid: nobody })
  assert.equal(status, 2, says)
  assert.match(says, /EACCES/)
  assert.deepEqual(readdirSync(join(closed, 'runs')), [])
})

test('what a killed writer left is never taken for a run', (t) => {
  const runs = runsFolder(t)
  mkdirSync(join(runs, '.draft-1-2026-01-01T00-00-00.000Z-x'), { recursive: true })
  assert.throws(() => findRun(runs), { constructor: UserError })
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
    constructor: UserError,
    message: /\n {2}2026-01-03.*baseline\n/,
  })
})

test('a load of k6 is found for its page, and never for a journal', (t) => {
  const runs = runsFolder(t)
  const load = '2099-01-02T00-00-00Z-k6-peak'
  const folder = writeRun(runs, outageJournal())
  mkdirSync(join(runs, load))
  writeFileSync(join(runs, load, 'summary.json'), '{"verdict": "FAIL"}')
  for (const name of [undefined, load, `runs/${load}/`])
    assert.match(report(runs, name), /^FAIL .*k6-peak\/report.html$/)
  assert.equal(findRun(runs).folder, folder)
  assert.throws(() => findRun(runs, `runs/${load}/`), { constructor: UserError, message: /A=/ })
})

const broken: [string, string, RegExp][] = [
  ['empty', '', /journal\.json.*JSON/],
  ['cut off', '{"schema": 2, "experiment": "x', /journal\.json.*JSON/],
  ['null', 'null', /expected object/],
  ['of another schema', JSON.stringify({ ...outageJournal(), schema: 1 }), /schema/],
  ['without its parts', '{"schema": 2}', /at experiment\n.*\n.*at question/],
  [
    'with seconds that are none',
    JSON.stringify({ ...outageJournal(), seconds: [1, null] }),
    /at seconds\[0\]\n.*\n.*at seconds\[1\]/,
  ],
  [
    'with a word for a number',
    JSON.stringify(outageJournal()).replace('"limit":1000', '"limit":"1 s"'),
    /expectations\[\d\]\.limit/,
  ],
]
for (const [what, text, named] of broken) {
  test(`a journal that is ${what} is refused with the names of the wrong fields`, (t) => {
    const runs = runsFolder(t)
    writeFileSync(join(writeRun(runs, outageJournal()), 'journal.json'), text)
    assert.throws(() => findRun(runs), { constructor: UserError, message: named })
  })
}
