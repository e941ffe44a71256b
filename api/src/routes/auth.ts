import type { Middleware } from 'koa'
import { z } from 'zod'
import type { Config } from '../config.ts'
import type { Db } from '../database/database.ts'
import type { Tokens } from '../middleware/authentication.ts'
import { check, text } from '../middleware/input.ts'
import { countLogins, limitLogins, refuseWhenCrowded } from '../middleware/login-limit.ts'
import { verifyPassword } from '../stores/passwords.ts'
import { findUserByName } from '../stores/users.ts'
import type { Route } from './openapi.ts'

/** A client that needs a token for a moment asks for a short one; none lasts longer than `ttl` seconds. */
function credentialsOf(ttl: number) {
  const range = `must be a whole number of seconds from 1 to ${ttl}`
  const expires_in = z.int({ error: range, abort: true }).min(1, range).max(ttl, range).default(ttl)
  return z
    .strictObject({ username: text(1, 64), password: text(1, 1024), expires_in })
    .meta({ id: 'Credentials', description: '`expires_in`: how many seconds the token is to stay valid' })
}
const Token = z
  .object({ token: z.string(), token_type: z.literal('Bearer'), expires_in: z.int().positive() })
  .meta({ id: 'Token' })

type Dependencies = {
  db: Db
  config: Config
  tokens: Tokens
  /** Load shedding by the queue of logins. */
  shed: Middleware[]
}

export function authRoutes({ db, config, tokens, shed }: Dependencies): Route[] {
  const Credentials = credentialsOf(config.JWT_TTL)
  const limit = limitLogins(config.LOGIN_ATTEMPTS_PER_MINUTE, config.DATABASE_URL ? db : undefined)
  return [
    {
      method: 'post',
      path: '/auth/login',
      summary: 'Trade a name and a password for a token',
      before: [countLogins(), ...shed],
      body: Credentials,
      bodyLimit: 16 * 1024, // anyone may send one: this holds the longest, each character written as \uXXXX\uXXXX
      success: { status: 200, schema: Token, headers: { 'Cache-Control': 'no-store' } },
      errors: [401, 429],
      async handle(ctx) {
        const { username, password, expires_in } = check(ctx, Credentials, ctx.request.body)
        await limit(ctx, username)
        // The token dates from here: a logout while the hash is being made revokes it too.
        const now = Math.floor(Date.now() / 1000)
        const user = await findUserByName(db, config.LAB_USERS, username)
        refuseWhenCrowded(ctx) // again: other logins waited for the database too
        const passed = await verifyPassword(user?.password_hash, password, () => ctx.res.closed)
        if (!user || !passed) {
          const headers = { 'WWW-Authenticate': 'Bearer' }
          return ctx.throw(401, 'The user name or the password is wrong.', { headers })
        }
        ctx.state.userId = user.id
        const token = await tokens.issue(user.id, Math.max(now, user.tokens_valid_from), expires_in)
        ctx.set('Cache-Control', 'no-store')
        ctx.body = { token, token_type: 'Bearer', expires_in }
      },
    },
    {
      method: 'post',
      path: '/auth/logout',
      summary:
        config.AUTH === 'session'
          ? 'Revoke the token of this request'
          : 'Revoke every token of the user that was issued so far',
      secured: true,
      success: { status: 204 },
      async handle(ctx) {
        await tokens.revoke(ctx)
        ctx.status = 204
      },
    },
  ]
}
