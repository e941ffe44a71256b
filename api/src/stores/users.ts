import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '../database/dialect.ts'
import { hashPassword, verifyPassword } from '../passwords.ts'

export function findUserByName(db: Db, name: string) {
  return db
    .selectFrom('users')
    .select(['id', 'password_hash', 'tokens_valid_from'])
    .where('name', '=', name)
    .executeTakeFirst()
}

/** The second from which the user's tokens are valid, 0 if none was ever ended; undefined if there is no such user. */
export async function tokensValidFrom(db: Db, id: string): Promise<number | undefined> {
  const user = await db.selectFrom('users').select('tokens_valid_from').where('id', '=', id).executeTakeFirst()
  return user?.tokens_valid_from
}

/** Ends every token issued so far: tokens count seconds, so the next ones are issued as of the next second. */
export async function endTokens(db: Db, id: string) {
  const now = Math.floor(Date.now() / 1000)
  await db
    .updateTable('users')
    .set({ tokens_valid_from: sql`max(tokens_valid_from, ${now}) + 1` })
    .where('id', '=', id)
    .execute()
}

/**
 * Makes the users that are missing. One that is there with another password gets this one, and every token of theirs ends:
 * changing LAB_USERS is how a password is changed.
 */
export async function settleUsers(db: Db, users: readonly { name: string; password: string }[]) {
  for (const { name, password } of users) {
    const user = await findUserByName(db, name)
    if (user && (await verifyPassword(user.password_hash, password))) continue
    const password_hash = await hashPassword(password)
    if (user) {
      await db.updateTable('users').set({ password_hash }).where('id', '=', user.id).execute()
      await endTokens(db, user.id)
    } else {
      await db.insertInto('users').values({ id: randomUUID(), name, password_hash, tokens_valid_from: 0 }).execute()
    }
  }
}
