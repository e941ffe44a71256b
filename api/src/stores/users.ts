import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { User } from '../config.ts'
import type { Db } from '../database/database.ts'
import { hashPassword, isPasswordOf } from './passwords.ts'

// A removed user keeps the notes and has this hash, which matches no password.
const removed = ''

/** Undefined for a removed user too. */
export function findUserByName(db: Db, name: string) {
  return db
    .selectFrom('users')
    .select(['id', 'password_hash', 'tokens_valid_from'])
    .where('name', '=', name)
    .where('password_hash', '!=', removed)
    .executeTakeFirst()
}

/** Returns the second from which the user's tokens are valid, 0 if none was ever revoked; undefined for no such user. */
export async function tokensValidFrom(db: Db, id: string): Promise<number | undefined> {
  const user = await db
    .selectFrom('users')
    .select('tokens_valid_from')
    .where('id', '=', id)
    .where('password_hash', '!=', removed)
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

// In one write: a crash in between would leave the tokens of an old password valid. Only from the hash that was read: of two
// processes that start together, the slower one would revoke the tokens that the other has issued since.
async function changeHash(db: Db, id: string, from: string, to: string) {
  const change = { password_hash: to, tokens_valid_from: nextSecond() }
  await db.updateTable('users').set(change).where('id', '=', id).where('password_hash', '=', from).execute()
}

/**
 * Syncs the users table with the configured list. Returns counts of created, changed and removed users. The tokens of a
 * changed or removed user are revoked. A removed user who is listed again has the notes again.
 */
export async function syncUsers(db: Db, users: readonly User[]) {
  const known = await db.selectFrom('users').select(['id', 'name', 'password_hash']).execute()
  const count = { created: 0, changed: 0, removed: 0 }
  for (const { id, name, password_hash } of known) {
    if (password_hash === removed || users.some((user) => user.name === name)) continue
    await changeHash(db, id, password_hash, removed)
    count.removed++
  }
  for (const { name, password } of users) {
    const user = known.find((one) => one.name === name)
    if (user?.password_hash && (await isPasswordOf(user.password_hash, password))) continue
    const password_hash = await hashPassword(password)
    if (user) {
      await changeHash(db, user.id, user.password_hash, password_hash)
      count.changed++
    } else {
      const row = { id: randomUUID(), name, password_hash, tokens_valid_from: 0 }
      // Another process that starts on the same database may have been faster.
      await db
        .insertInto('users')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      count.created++
    }
  }
  return count
}
