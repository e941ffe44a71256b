import { createHash, randomBytes } from 'node:crypto'
import type { Context, Next } from 'koa'
import { deleteSession, findSession, insertSession } from '../stores/sessions.ts'
import { type Dependencies, maxRemembered, recheckMs, rejections, type Tokens } from './authentication.ts'

// As the token is random, it needs no salt and no slow hash: 256 bits cannot be guessed.
const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url')

/**
 * Sessions: a token is a random number, which means something only to the database. Each ends by itself. While the database
 * is away, no user is known.
 */
export function sessions({ config, db, meter }: Dependencies): Tokens {
  const reject: ReturnType<typeof rejections> = rejections(meter, [
    'missing',
    'malformed',
    'unknown_session',
    'expired',
  ])
  // Remembered for a second, as the row of a signed token's user is: a logout counts here at once, and in another process
  // on the same database within that time. Without it each request would cost two look-ups instead of one.
  const remembered = new Map<string, { userId: string; expires: number; checkedAt: number }>()
  let logouts = 0

  async function requireUser(ctx: Context, next: Next) {
    const now = Date.now()
    const { authorization } = ctx.req.headers
    if (!authorization) reject(ctx, 'missing')
    const [, token] = /^Bearer ([\w-]{43})$/i.exec(authorization) ?? reject(ctx, 'malformed')
    const hash = hashOf(String(token))
    let session = remembered.get(hash)
    if (!session || now - session.checkedAt >= recheckMs) {
      const logoutsBefore = logouts
      remembered.delete(hash)
      const found = (await findSession(db, config.LAB_USERS, hash)) ?? reject(ctx, 'unknown_session')
      session = { userId: found.user_id, expires: found.expires_at, checkedAt: now }
      if (remembered.size >= maxRemembered) remembered.clear()
      // A logout may have overtaken this look-up.
      if (logouts === logoutsBefore) remembered.set(hash, session)
    }
    if (session.expires <= now / 1000) reject(ctx, 'expired')
    ctx.state.userId = session.userId
    ctx.state.sessionHash = hash
    return next()
  }

  async function issue(userId: string, issuedAt: number, seconds: number) {
    const token = randomBytes(32).toString('base64url')
    const expires_at = issuedAt + seconds
    await insertSession(db, { token_hash: hashOf(token), user_id: userId, issued_at: issuedAt, expires_at })
    return token
  }

  async function revoke(ctx: Context) {
    await deleteSession(db, ctx.state.sessionHash)
    logouts++
    remembered.delete(ctx.state.sessionHash)
  }

  return { requireUser, issue, revoke }
}
