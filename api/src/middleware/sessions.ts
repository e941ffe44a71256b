import { createHash, randomBytes } from 'node:crypto'
import type { Context } from 'koa'
import type { User } from '../config.ts'
import type { Db } from '../database/database.ts'
import { deleteSession, findSession, insertSession } from '../stores/sessions.ts'
import type { Token, TokenKind } from './authentication.ts'

// As the token is random, it needs no salt and no slow hash: 256 bits cannot be guessed.
const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url')

/**
 * Sessions: a token is a random number, which means something only to the database. Each ends by itself. While the database
 * is away, only the user of a remembered one is known.
 */
export function sessions(db: Db, users: readonly User[]): TokenKind {
  async function read(ctx: Context) {
    const token = /^Bearer ([\w-]{43})$/i.exec(ctx.req.headers.authorization ?? '')?.[1]
    return token ? sessionOf(hashOf(token)) : 'malformed'
  }

  function sessionOf(hash: string): Token {
    const session: Token = { expires: Number.POSITIVE_INFINITY, confirm, revoke: () => deleteSession(db, hash) }
    async function confirm() {
      const row = await findSession(db, users, hash)
      if (!row) return 'unknown_session'
      const { user_id: userId, expires_at: expires } = row
      return expires <= Date.now() / 1000 ? 'expired' : { ...session, userId, expires }
    }
    return session
  }

  async function issue(userId: string, issuedAt: number, seconds: number) {
    const token = randomBytes(32).toString('base64url')
    const expires_at = issuedAt + seconds
    await insertSession(db, { token_hash: hashOf(token), user_id: userId, issued_at: issuedAt, expires_at })
    return token
  }

  return { read, reasons: ['malformed', 'unknown_session', 'expired'], issue }
}
