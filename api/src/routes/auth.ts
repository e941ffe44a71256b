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

const Credentials = z.strictObject({ username: text(1, 64), password: text(1, 1024) }).meta({ id: 'Credentials' })
// Anybody may send one of these: 16 KiB hold the longest of them, each character written as \\uXXXX\\uXXXX.
const credentialsLimit = 16 * 1024
const Token = z
  .object({ token: z.string(), token_type: z.literal('Bearer'), expires_in: z.int().positive() })
  .meta({ id: 'Token' })

type Dependencies = {
  db: Db
  keys: () => Keys
  /** Seconds a token stays valid. */
  ttl: number
  requireUser: Middleware
  /** Told when all tokens of a user have been ended. */
  forget: (userId: string) => void
  countLogins: Middleware
  /** Throws 429 when there were too many attempts; what it gives is called when the login has passed. */
  limitLogins: (ctx: Context, username: string) => Promise<() => void>
}

export function authRoutes(router: Router, dependencies: Dependencies) {
  const { db, keys, ttl, requireUser, forget, countLogins, limitLogins } = dependencies
  router.post('/auth/login', countLogins, readJson(credentialsLimit), async function login(ctx) {
    const { username, password } = check(ctx, Credentials, ctx.request.body)
    const welcome = await limitLogins(ctx, username)
    const user = await findUserByName(db, username)
    const passed = await verifyPassword(user?.password_hash, password)
    if (!user || !passed) {
      return ctx.throw(401, 'The user name or the password is wrong.', { headers: { 'WWW-Authenticate': 'Bearer' } })
    }
    welcome()
    const iat = Math.max(Math.floor(Date.now() / 1000), user.tokens_valid_from)
    const token = jsonwebtoken.sign({ iat }, keys()[0], { algorithm: 'HS256', subject: user.id, expiresIn: ttl })
    ctx.set('Cache-Control', 'no-store')
    ctx.body = { token, token_type: 'Bearer', expires_in: ttl }
  })

  router.post('/auth/logout', requireUser, async function logout(ctx) {
    await endTokens(db, ctx.state.userId)
    forget(ctx.state.userId)
    ctx.status = 204
  })
}

export const authOperations: Operation[] = [
  {
    method: 'post',
    path: '/auth/login',
    summary: 'Trade a name and a password for a token',
    body: Credentials,
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
