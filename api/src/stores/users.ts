import { randomUUID } from 'node:crypto'
import type { Db } from '../database/dialect.ts'
import { hashPassword } from '../passwords.ts'

export function findUserByName(db: Db, name: string) {
  return db.selectFrom('users').select(['id', 'password_hash']).where('name', '=', name).executeTakeFirst()
}

export async function userExists(db: Db, id: string): Promise<boolean> {
  return (await db.selectFrom('users').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}

/** Users that are there already keep their password. */
export async function createMissingUsers(db: Db, users: readonly { name: string; password: string }[]) {
  for (const { name, password } of users) {
    if (await findUserByName(db, name)) continue
    const user = { id: randomUUID(), name, password_hash: await hashPassword(password) }
    await db.insertInto('users').values(user).execute()
  }
}
