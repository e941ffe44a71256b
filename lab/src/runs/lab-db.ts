import { renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { reasonOf } from '../errors.ts'
import { readJournal, runNames } from './find-run.ts'
import type { Journal } from './journal.ts'

// `statuses` and `attempts` are JSON: ask them with `statuses ->> '503'`.
const columns = {
  run: 'TEXT NOT NULL',
  experiment: 'TEXT NOT NULL',
  verdict: 'TEXT NOT NULL',
  second: 'INTEGER NOT NULL',
  time: 'TEXT NOT NULL',
  rate: 'REAL',
  error_ratio: 'REAL',
  p50_ms: 'REAL',
  p95_ms: 'REAL',
  p99_ms: 'REAL',
  statuses: 'TEXT',
  dropped: 'INTEGER',
  db_errors: 'REAL',
  db_available: 'INTEGER',
  degraded: 'INTEGER',
  event_loop_delay_ms: 'REAL',
  server_rate: 'REAL',
  server_p95_ms: 'REAL',
  memory_mb: 'REAL',
  open_connections: 'INTEGER',
  attempts: 'TEXT',
  guesses: 'INTEGER',
  phase: 'TEXT',
  fault: 'TEXT',
}

const names = Object.keys(columns)
const definitions = Object.entries(columns).map((one) => one.join(' '))
const create = `CREATE TABLE IF NOT EXISTS metrics_events (${definitions.join(', ')}, PRIMARY KEY (run, second)) WITHOUT ROWID`
const insert = `INSERT OR REPLACE INTO metrics_events (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`

/**
 * Adds a run's seconds to metrics_events in the folder's lab.db and does `keep` in the same transaction: both or neither.
 * `keep` may be called twice.
 * The table holds copies only: runs that are not in it yet, since it was deleted, broken or held, are added too.
 */
export function addToLabDb(runsFolder: string, run: string, journal: Journal, keep: () => void): void {
  change(runsFolder, (row) => insertAll(row, run, journal), keep)
}

/** Adds the runs whose folders were put there by somebody else. */
export function bringUpToDate(runsFolder: string): void {
  change(
    runsFolder,
    () => {},
    () => {},
  )
}

type Change = (row: Database.Statement) => void

function change(runsFolder: string, insertMore: Change, keep: () => void): void {
  const file = join(runsFolder, 'lab.db')
  try {
    add(file, runsFolder, insertMore, keep)
  } catch (error) {
    const reason = reasonOf(error)
    // A run is worth more than its copy: when somebody else holds the file, the next run brings these seconds along.
    if (reason.startsWith('SQLITE_BUSY')) keep()
    else if (/^SQLITE_(NOTADB|CORRUPT|ERROR)/.test(reason)) {
      renameSync(file, `${file}.broken`)
      add(file, runsFolder, insertMore, keep)
    } else throw error
  }
}

function add(file: string, runsFolder: string, insertMore: Change, keep: () => void): void {
  // Two runs may end at the same time: one waits for the other.
  const db = new Database(file, { timeout: 2_000 })
  try {
    db.transaction(() => {
      db.exec(create)
      const row = db.prepare(insert)
      const known = db.prepare('SELECT DISTINCT run FROM metrics_events').pluck().all()
      const forgotten = runNames(runsFolder).filter((name) => !known.includes(name))
      for (const name of forgotten) {
        const found = readable(join(runsFolder, name, 'journal.json'))
        if (found) insertAll(row, name, found)
      }
      insertMore(row)
      keep()
    }).immediate()
  } finally {
    db.close()
    // Opening makes the file; when nothing could be written into it, it was not there before.
    if (statSync(file, { throwIfNoEntry: false })?.size === 0) rmSync(file)
  }
}

function insertAll(row: Database.Statement, run: string, { experiment, verdict, seconds }: Journal): void {
  const empty = Object.fromEntries(names.map((name) => [name, null]))
  for (const second of seconds) {
    const [statuses, attempts] = [JSON.stringify(second.statuses), JSON.stringify(second.attempts)]
    row.run({ ...empty, ...second, statuses, attempts: attempts ?? null, run, experiment, verdict })
  }
}

function readable(file: string): Journal | undefined {
  try {
    return readJournal(file)
  } catch {
    return undefined
  }
}
