import { randomUUIDv7 } from 'node:crypto'
import type { Db, Tables } from '../database/database.ts'

export type Note = Omit<Tables['notes'], 'user_id'>

const columns = ['id', 'title', 'body', 'created_at', 'updated_at'] as const

/** Ids grow with time (UUID version 7): they sort by age and do not reveal how many notes there are. */
export function insertNote(db: Db, userId: string, input: { title: string; body: string }): Promise<Note> {
  const now = new Date().toISOString()
  const note = { id: randomUUIDv7(), user_id: userId, ...input, created_at: now, updated_at: now }
  return db.insertInto('notes').values(note).returning(columns).executeTakeFirstOrThrow()
}

export function findNote(db: Db, userId: string, id: string): Promise<Note | undefined> {
  return db.selectFrom('notes').select(columns).where('user_id', '=', userId).where('id', '=', id).executeTakeFirst()
}

/** Newest first; `after` is the id of the last note already seen. */
export function listNotes(db: Db, userId: string, limit: number, after?: string): Promise<Note[]> {
  let query = db.selectFrom('notes').select(columns).where('user_id', '=', userId)
  if (after !== undefined) query = query.where('id', '<', after)
  return query.orderBy('id', 'desc').limit(limit).execute()
}

export function updateNote(db: Db, userId: string, id: string, input: { title: string; body: string }) {
  return db
    .updateTable('notes')
    .set({ ...input, updated_at: new Date().toISOString() })
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirst()
}

export async function deleteNote(db: Db, userId: string, id: string): Promise<boolean> {
  const note = db.deleteFrom('notes').where('user_id', '=', userId).where('id', '=', id).returning('id')
  return (await note.executeTakeFirst()) !== undefined
}
