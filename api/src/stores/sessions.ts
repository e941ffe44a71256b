import type { User } from '../config.ts'
import type { Db, Tables } from '../database/database.ts'
import { namesOf } from './users.ts'

type Session = Tables['sessions']

/** Undefined for a session that was ended, that never was, that a new password has ended, or of a user not among `users`. */
export function findSession(db: Db, users: readonly User[], tokenHash: string) {
  return db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.user_id', 'sessions.expires_at'])
    .where('sessions.token_hash', '=', tokenHash)
    .where('users.name', 'in', namesOf(users))
    .whereRef('sessions.issued_at', '>=', 'users.tokens_valid_from')
    .executeTakeFirst()
}

/** Also deletes what has expired of the user, so that nothing else has to tidy up. */
export async function insertSession(db: Db, session: Session) {
  const now = Math.floor(Date.now() / 1000)
  const expired = db.deleteFrom('sessions').where('user_id', '=', session.user_id).where('expires_at', '<=', now)
  await Promise.all([expired.execute(), db.insertInto('sessions').values(session).execute()])
}

export async function deleteSession(db: Db, tokenHash: string) {
  await db.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute()
}
