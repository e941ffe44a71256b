import { renameSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { readJson } from '../config.ts'
import { reasonOf, systemReasonOf } from '../errors.ts'
import { runNames } from './find-run.ts'
import { type Journal, journal, metricsEvent } from './journal.ts'

/** The columns of lab.db's table metrics_events, with their SQL types: the run, then one for each field of a second. */
export const columns: Record<string, string> = {
  run: 'TEXT NOT NULL',
  experiment: 'TEXT NOT NULL',
  verdict: 'TEXT NOT NULL',
  ...Object.fromEntries(Object.entries(metricsEvent.shape).map(([name, field]) => [name, sqlType(field)])),
}

function sqlType(field: z.ZodType): string {
  const type = JSON.stringify(z.toJSONSchema(field))
  // Objects are kept as JSON text.
  if (type.includes('"object"')) return 'TEXT'
  return type.includes('"integer"') ? 'INTEGER' : type.includes('"number"') ? 'REAL' : 'TEXT'
}

const names = Object.keys(columns)
const definitions = Object.entries(columns).map((one) => one.join(' '))
const create = `CREATE TABLE IF NOT EXISTS metrics_events (${definitions.join(', ')}, PRIMARY KEY (run, second)) WITHOUT ROWID`
const insert = `INSERT OR REPLACE INTO metrics_events (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`

/**
 * Adds to lab.db the seconds of every run that is not in it yet. The table holds copies only, so a file that is broken or
 * has other columns is moved aside and made anew. Returns why it could not be done, or undefined: a run is worth more
 * than its copy, and the next update brings the missing seconds along.
 */
export function updateLabDb(runsFolder: string): string | undefined {
  const file = join(runsFolder, 'lab.db')
  try {
    try {
      addMissing(file, runsFolder)
    } catch (error) {
      if (!/^SQLITE_(NOTADB|CORRUPT|ERROR)/.test(reasonOf(error))) throw error
      renameSync(file, `${file}.broken`)
      addMissing(file, runsFolder)
    }
  } catch (error) {
    return `The index ${file} could not be updated (${systemReasonOf(error)}). The runs' folders are complete; make sure that the file can be written.`
  }
}

function addMissing(file: string, runsFolder: string): void {
  // Two runs may end at the same time: one waits for the other.
  const db = new Database(file, { timeout: 2_000 })
  try {
    db.transaction(() => {
      db.exec(create)
      const row = db.prepare(insert)
      const known = new Set(db.prepare('SELECT DISTINCT run FROM metrics_events').pluck().all())
      for (const run of runNames(runsFolder)) if (!known.has(run)) insertRun(row, run, join(runsFolder, run))
    }).immediate()
  } finally {
    db.close()
  }
}

/** A run whose journal cannot be read is left out. */
function insertRun(row: Database.Statement, run: string, folder: string): void {
  let found: Journal
  try {
    found = readJson(join(folder, 'journal.json'), journal)
  } catch {
    return
  }
  const { experiment, verdict = 'none', seconds } = found
  const empty = Object.fromEntries(names.map((name) => [name, null]))
  for (const second of seconds) {
    const values = Object.entries(second).map(([name, value]) => [name, asColumn(value)])
    row.run({ ...empty, ...Object.fromEntries(values), run, experiment, verdict })
  }
}

function asColumn(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}
