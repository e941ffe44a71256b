import { renameSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Journal } from '../runner/journal.ts'
import { reasonOf } from '../sentence.ts'

// `statuses` is JSON: ask it with `statuses ->> '503'`.
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
  phase: 'TEXT',
  fault: 'TEXT',
}

const names = Object.keys(columns)
const definitions = Object.entries(columns).map((one) => one.join(' '))
const create = `CREATE TABLE IF NOT EXISTS metrics_events (${definitions.join(', ')}, PRIMARY KEY (run, second)) WITHOUT ROWID`
const insert = `INSERT OR REPLACE INTO metrics_events (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`

/** Adds a run's seconds to the table metrics_events, and does `along` in the same transaction: both or neither. */
export function addToLabDb(file: string, run: string, journal: Journal, along: () => void): void {
  try {
    add(file, run, journal, along)
  } catch (error) {
    if (!/^SQLITE_(NOTADB|CORRUPT)/.test(reasonOf(error))) throw error
    // It holds only copies of what stands in the folders: a run is worth more than a broken file's name.
    renameSync(file, `${file}.broken`)
    add(file, run, journal, along)
  }
}

function add(file: string, run: string, { experiment, verdict, seconds }: Journal, along: () => void): void {
  // Two runs may end at the same time: one waits for the other.
  const db = new Database(file, { timeout: 5_000 })
  try {
    db.transaction(() => {
      db.exec(create)
      const row = db.prepare(insert)
      const empty = Object.fromEntries(names.map((name) => [name, null]))
      for (const second of seconds)
        row.run({ ...empty, ...second, statuses: JSON.stringify(second.statuses), run, experiment, verdict })
      along()
    }).immediate()
  } finally {
    db.close()
  }
}
