import type Router from '@koa/router'
import jsonwebtoken from 'jsonwebtoken'
import type { Context, Middleware } from 'koa'
import { z } from 'zod'
import type { Db } from '../database/dialect.ts'
import type { Keys } from '../keys.ts'
import { readJson } from '../middleware/read-json.ts'
import { verifyPassword } from '../passwords.ts'
import { endTokens, findUserByName } from '../stores/users.ts'
import { check, type Operation, text } from './operation.ts'

/** A client that needs a token for a moment asks for a short one; none lasts longer than `ttl` seconds. */
export function credentialsOf(ttl: number) {
  const range = `must be a whole number of seconds from 1 to ${ttl}`
  const expires_in = z.int({ error: range, abort: true }).min(1, range).max(ttl, range).default(ttl)
  return z
    .strictObject({ username: text(1, 64), password: text(1, 1024), expires_in })
    .meta({ id: 'Credentials', description: '`expires_in`: how many seconds the token is to stay valid' })
}
// Anybody may send one of these: 16 KiB hold the longest of them, each character written as \\uXXXX\\uXXXX.
const credentialsLimit = 16 * 1024
const Token = z
  .object({ token: z.string(), token_type: z.literal('Bearer'), expires_in: z.int().positive() })
  .meta({ id: 'Token' })

type Dependencies = {
  db: Db
  keys: () => Keys
  credentials: ReturnType<typeof credentialsOf>
  requireUser: Middleware
  /** Told when all tokens of a user have been ended. */
  forget: (userId: string) => void
  countLogins: Middleware
  /** Throws 429 when there were too many attempts; what it gives is called when the login has passed. */
  limitLogins: (ctx: Context, username: string) => Promise<() => void>
}

export function authRoutes(router: Router, dependencies: Dependencies) {
  const { db, keys, credentials, requireUser, forget, countLogins, limitLogins } = dependencies
  router.post('/auth/login', countLogins, readJson(credentialsLimit), async function login(ctx) {
    const { username, password, expires_in } = check(ctx, credentials, ctx.request.body)
    const welcome = await limitLogins(ctx, username)
    // The token dates from here: a logout or another password while the hash is being made ends it too.
    const now = Math.floor(Date.now() / 1000)
    const user = await findUserByName(db, username)
    const passed = await verifyPassword(user?.password_hash, password)
    if (!user || !passed) {
      return ctx.throw(401, 'The user name or the password is wrong.', { headers: { 'WWW-Authenticate': 'Bearer' } })
    }
    welcome()
    ctx.state.userId = user.id
    const iat = Math.max(now, user.tokens_valid_from)
    const token = jsonwebtoken.sign({ iat }, keys()[0], { algorithm: 'HS256', subject: user.id, expiresIn: expires_in })
    ctx.set('Cache-Control', 'no-store')
    ctx.body = { token, token_type: 'Bearer', expires_in }
  })

  router.post('/auth/logout', requireUser, async function logout(ctx) {
    await endTokens(db, ctx.state.userId, ctx.state.tokenIssuedAt)
    forget(ctx.state.userId)
    ctx.status = 204
  })
}

export const authOperations = (credentials: z.ZodType): Operation[] => [
  {
    method: 'post',
    path: '/auth/login',
    summary: 'Trade a name and a password for a token',
    body: credentials,
    success: { status: 200, schema: Token, headers: { 'Cache-Control': 'no-store' } },
    refusals: [401, 413, 415, 422, 429, 503],
  },
  {
    method: 'post',
    path: '/auth/logout',
    summary: 'End every token of the user that was issued so far',
    secured: true,
    success: { status: 204 },
    refusals: [401, 503],
  },
]
