import { mkdirSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { UserError } from '../errors.ts'

const keptMs = 24 * 3_600_000

const create =
  'CREATE TABLE IF NOT EXISTS notes (at INTEGER, kind TEXT, data TEXT NOT NULL, PRIMARY KEY (at, kind)) WITHOUT ROWID'

/** What the long-running lab has noted: a second that is over, or an event. `at`: milliseconds since 1970; `data`: as it was given. */
export type Note = { at: number; kind: NoteKind; data: unknown }
export type NoteKind = 'second' | 'fault' | 'k6'

/**
 * Opens the file in which the lab notes what happens; what is older than a day is forgotten. Every note is a transaction of
 * its own, so a process that is killed loses none. A file that is broken is moved aside.
 */
export function openSessionDb(file: string) {
  mkdirSync(dirname(file), { recursive: true })
  let db: Database.Database
  try {
    db = open(file)
  } catch (error) {
    if (!/^SQLITE_(NOTADB|CORRUPT|ERROR)/.test((error as { code?: string }).code ?? '')) throw error
    renameSync(file, `${file}.broken`)
    db = open(file)
  }
  const insert = db.prepare('INSERT OR IGNORE INTO notes VALUES (?, ?, ?)')
  const forget = db.prepare('DELETE FROM notes WHERE at < ?')
  const add = db.transaction((at: number, kind: NoteKind, data: object) => {
    insert.run(Math.round(at), kind, JSON.stringify(data))
    forget.run(Date.now() - keptMs)
  })
  return { add, close: () => db.close() }
}

function open(file: string): Database.Database {
  const db = new Database(file, { timeout: 1_000 })
  // A reader does not hold up the lab, and a second costs no wait for the disk: only a loss of power loses the last ones.
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.exec(create)
  return db
}

/** The notes of a span, in order. Throws a UserError when the lab has never noted anything. */
export function readSessionDb(file: string, from: number, to: number): Note[] {
  let db: Database.Database
  try {
    db = new Database(file, { fileMustExist: true, timeout: 2_000 })
  } catch {
    throw new UserError(`There is no record ${file}: the lab makes one while it runs (make up, or make lab).`)
  }
  try {
    const rows = db.prepare('SELECT at, kind, data FROM notes WHERE at >= ? AND at < ? ORDER BY at').all(from, to)
    return (rows as (Note & { data: string })[]).map((row) => ({ ...row, data: JSON.parse(row.data) }))
  } finally {
    db.close()
  }
}
