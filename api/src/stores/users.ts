import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '../database/dialect.ts'
import { hashPassword, isPasswordOf } from '../passwords.ts'
import type { User } from '../secrets.ts'

// Who was taken out of the list keeps the notes under this hash, to which no password leads.
const removed = ''

/** Undefined for who was removed too. */
export function findUserByName(db: Db, name: string) {
  return db
    .selectFrom('users')
    .select(['id', 'password_hash', 'tokens_valid_from'])
    .where('name', '=', name)
    .where('password_hash', '!=', removed)
    .executeTakeFirst()
}

/** The second from which the user's tokens are valid, 0 if none was ever ended; undefined if there is no such user. */
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
 * Ends every token issued so far: tokens count seconds, so the next ones are issued as of the next second. Does nothing
 * when the token that asks for it, issued at that second, was ended meanwhile: or many at once would reach into the future.
 */
export async function endTokens(db: Db, id: string, issuedAt: number) {
  const ended = db.updateTable('users').set({ tokens_valid_from: nextSecond() })
  await ended.where('id', '=', id).where('tokens_valid_from', '<=', issuedAt).execute()
}

function nextSecond() {
  return sql<number>`max(tokens_valid_from, ${Math.floor(Date.now() / 1000)}) + 1`
}

// In one write: a crash in between would leave the tokens of an old password valid, and nobody would notice later.
async function changeHash(db: Db, id: string, password_hash: string) {
  const change = { password_hash, tokens_valid_from: nextSecond() }
  await db.updateTable('users').set(change).where('id', '=', id).execute()
}

/**
 * Makes the database say what the list says, and gives how many users that concerned. Missing ones are created; one with
 * another password gets that, and one who is not listed is removed: both are told to `ended`, for their tokens end. A
 * removed user who is listed again is back with the notes. Two of these must not run at the same time; its hashes do not
 * stand in line with those of logins, for it is most needed while somebody guesses.
 */
export async function settleUsers(db: Db, users: readonly User[], ended: (id: string) => void) {
  const known = await db.selectFrom('users').select(['id', 'name', 'password_hash']).execute()
  const count = { created: 0, changed: 0, removed: 0 }
  // First, because it needs no hash: who is to go does not wait for those who stay.
  for (const { id, name, password_hash } of known) {
    if (password_hash === removed || users.some((user) => user.name === name)) continue
    await changeHash(db, id, removed)
    ended(id)
    count.removed++
  }
  for (const { name, password } of users) {
    const user = known.find((one) => one.name === name)
    if (user?.password_hash && (await isPasswordOf(user.password_hash, password))) continue
    const password_hash = await hashPassword(password)
    if (user) {
      await changeHash(db, user.id, password_hash)
      ended(user.id)
      count.changed++
    } else {
      await db.insertInto('users').values({ id: randomUUID(), name, password_hash, tokens_valid_from: 0 }).execute()
      count.created++
    }
  }
  return count
}
