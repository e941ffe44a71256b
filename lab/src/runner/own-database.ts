import { randomUUID } from 'node:crypto'
import Database from 'better-sqlite3'
import type { Pool } from 'undici'
import { ask } from '../api-client.ts'
import { reasonOf, UserError } from '../errors.ts'
import type { Target } from '../targets/target.ts'

/**
 * Makes sure that a database file is the API's: a note that is written over HTTP must be in it. A fault on another file
 * would prove nothing, and an API that does not notice a fault on its own file has failed: this tells one from the other.
 */
export async function checkOwnDatabase({ url, database }: Target, pool: Pool, token: string): Promise<void> {
  const title = `whose file is this? ${randomUUID()}`
  const { status } = await ask(pool, { method: 'POST', path: '/data/notes', token, body: { title, body: '' } })
  if (status !== 201) throw new UserError(`INVALID: before any fault the API answers ${status} to a new note.`)
  if (!holdsNote(database, title)) {
    throw new UserError(
      `INVALID: ${database} is not the database of the API at ${url}: a note that was just written is not in it. Nothing was touched.`,
    )
  }
}

function holdsNote(database: string, title: string): boolean {
  try {
    const db = new Database(database, { readonly: true, fileMustExist: true })
    try {
      return db.prepare('SELECT 1 FROM notes WHERE title = ?').get(title) !== undefined
    } finally {
      db.close()
    }
  } catch (error) {
    const code = reasonOf(error)
    // A database of another program has no such table.
    if (code === 'SQLITE_ERROR' || code === 'SQLITE_NOTADB') return false
    throw new UserError(`INVALID: the database file ${database} cannot be read (${code}). Nothing was touched.`)
  }
}
