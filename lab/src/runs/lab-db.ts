import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { readJson } from '../config.ts'
import { systemReasonOf } from '../errors.ts'
import { runNames } from './find-run.ts'
import { type Journal, journal, metricsEvent } from './journal.ts'

const fields = Object.entries(metricsEvent.shape)

/** The columns of lab.db's table metrics_events, with their SQL types: the run, then one for each field of a second. */
export const columns: Record<string, string> = {
  run: 'TEXT NOT NULL',
  experiment: 'TEXT NOT NULL',
  verdict: 'TEXT NOT NULL',
  ...Object.fromEntries(fields.map(([name, field]) => [name, sqlType(field)])),
}

function sqlType(field: z.ZodType): string {
  const type = JSON.stringify(z.toJSONSchema(field))
  // Objects are kept as JSON text.
  if (type.includes('"object"')) return 'TEXT'
  return type.includes('"integer"') ? 'INTEGER' : type.includes('"number"') ? 'REAL' : 'TEXT'
}

const definitions = Object.entries(columns).map((one) => one.join(' '))
const create = `CREATE TABLE metrics_events (${definitions.join(', ')}, PRIMARY KEY (run, second)) WITHOUT ROWID`
const values = fields.map(([name]) => `value ->> '${name}'`)
const insert = `INSERT INTO metrics_events SELECT @run, @experiment, @verdict, ${values.join(', ')} FROM json_each(@seconds)`

/**
 * Builds lab.db from the seconds of every run and replaces the old file. Returns what is wrong, or undefined: it does not
 * throw, because lab.db holds copies only and must not fail a run.
 */
export function updateLabDb(runsFolder: string): string | undefined {
  const file = join(runsFolder, 'lab.db')
  const draft = join(runsFolder, `.draft-${process.pid}-lab.db`)
  try {
    rmSync(draft, { force: true })
    const left = fill(draft, runsFolder)
    renameSync(draft, file)
    return left.length > 0
      ? `Not in ${file}, because their journal.json cannot be read: ${left.join(', ')}.`
      : undefined
  } catch (error) {
    rmSync(draft, { force: true })
    return `The index ${file} could not be updated (${systemReasonOf(error)}). The runs' folders are complete; make sure that the file can be written.`
  }
}

/** Returns the runs whose journals cannot be read. */
function fill(file: string, runsFolder: string): string[] {
  const db = new Database(file)
  try {
    db.pragma('journal_mode = OFF')
    db.exec(create)
    const rows = db.prepare(insert)
    const isRead = (run: string) => {
      const found = journalIn(join(runsFolder, run))
      if (found === undefined) return false
      const { experiment, verdict = 'none', seconds } = found
      rows.run({ run, experiment, verdict, seconds: JSON.stringify(seconds) })
      return true
    }
    return db.transaction(() => runNames(runsFolder).filter((run) => !isRead(run)))()
  } finally {
    db.close()
  }
}

function journalIn(folder: string): Journal | undefined {
  try {
    return readJson(join(folder, 'journal.json'), journal)
  } catch {
    return undefined
  }
}
