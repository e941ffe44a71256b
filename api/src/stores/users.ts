import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { User } from '../config.ts'
import type { Db } from '../database/database.ts'
import { hashPassword, isPasswordOf } from './passwords.ts'

/** The names that this process serves. Another one on the same database may serve others. */
export const namesOf = (users: readonly User[]) => users.map(({ name }) => name)

/** Undefined for a name that is not among `users`. */
export function findUserByName(db: Db, users: readonly User[], name: string) {
  return db
    .selectFrom('users')
    .select(['id', 'password_hash', 'tokens_valid_from'])
    .where('name', '=', name)
    .where('name', 'in', namesOf(users))
    .executeTakeFirst()
}

/** Returns the second from which the user's tokens are valid, 0 if none was ever revoked; undefined if not among `users`. */
export async function tokensValidFrom(db: Db, users: readonly User[], id: string): Promise<number | undefined> {
  const user = await db
    .selectFrom('users')
    .select('tokens_valid_from')
    .where('id', '=', id)
    .where('name', 'in', namesOf(users))
    .executeTakeFirst()
  return user?.tokens_valid_from
}

/**
 * Revokes every token issued so far. Tokens count seconds, so the next ones are issued as of the next second. Does nothing
 * if the token that asks for it was revoked meanwhile: many logouts at once would reach into the future.
 */
export async function revokeTokens(db: Db, id: string, issuedAt: number) {
  const revoked = db.updateTable('users').set({ tokens_valid_from: nextSecond() })
  await revoked.where('id', '=', id).where('tokens_valid_from', '<=', issuedAt).execute()
}

function nextSecond() {
  const now = Math.floor(Date.now() / 1000)
  return sql<number>`CASE WHEN tokens_valid_from > ${now} THEN tokens_valid_from ELSE ${now} END + 1`
}

/**
 * Creates the configured users and changes their passwords; a change revokes the tokens of its user. Users who are no longer
 * listed keep their notes, and cannot log in. Returns counts.
 */
export async function syncUsers(db: Db, users: readonly User[]) {
  const known = await db.selectFrom('users').select(['id', 'name', 'password_hash']).execute()
  const count = { created: 0, changed: 0 }
  for (const { name, password } of users) {
    const user = known.find((one) => one.name === name)
    if (user && (await isPasswordOf(user.password_hash, password))) continue
    const password_hash = await hashPassword(password)
    if (user) {
      // In one write: a crash in between would leave the tokens of an old password valid. Only from the hash that was read: of
      // two processes that start together, the slower one would revoke the tokens that the other has issued since.
      const change = db.updateTable('users').set({ password_hash, tokens_valid_from: nextSecond() })
      await change.where('id', '=', user.id).where('password_hash', '=', user.password_hash).execute()
      count.changed++
    } else {
      const row = { id: randomUUID(), name, password_hash, tokens_valid_from: 0 }
      // Another process that starts on the same database may have been faster.
      const insert = db.insertInto('users').values(row)
      await insert.onConflict((conflict) => conflict.doNothing()).execute()
      count.created++
    }
  }
  return count
}
