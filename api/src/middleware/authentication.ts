import type { KeyObject } from 'node:crypto'
import type { Meter } from '@opentelemetry/api'
import jsonwebtoken, { type JwtHeader, type JwtPayload } from 'jsonwebtoken'
import type { Context, Next } from 'koa'
import koaJwt from 'koa-jwt'
import type { Config } from '../config.ts'
import type { Db } from '../database/database.ts'
import { revokeTokens, tokensValidFrom } from '../stores/users.ts'

export type Dependencies = {
  config: Pick<Config, 'JWT_SECRET' | 'JWT_SECRET_PREVIOUS' | 'LAB_USERS'>
  db: Db
  meter: Meter
}
/** Bearer tokens, signed or of a session. */
export type Tokens = {
  /** Accepts a request whose token is valid and names a user of this process: ctx.state.userId. Otherwise 401. */
  requireUser(ctx: Context, next: Next): Promise<unknown>
  /** Returns a token that is valid for so many seconds; a logout or another password since `issuedAt` ends it too. */
  issue(userId: string, issuedAt: number, seconds: number): Promise<string>
  /** Ends the token of this request. */
  revoke(ctx: Context): Promise<void>
}
type Token = { userId: string; issuedAt: number; expires: number; checkedAt: number }

const clockTolerance = 5 // seconds
export const recheckMs = 1000 // a logout in another process on the same database counts within this time
export const maxRemembered = 1000

// The reason for each error of a token check; 'malformed' for all others.
const reasonOf: Record<string, string> = {
  'critical header': 'critical_header',
  'invalid signature': 'signature',
  'invalid algorithm': 'algorithm',
  'jwt signature is required': 'algorithm',
  'jwt expired': 'expired',
  'jwt not active': 'not_active',
}
const ownReasons = ['missing', 'malformed', 'no_expiry', 'unknown_user', 'revoked']

function checkWith(key: KeyObject) {
  async function secret({ crit }: JwtHeader) {
    if (crit !== undefined) throw new Error('critical header') // this API knows no extension (RFC 7515, 4.1.11)
    return key
  }
  const options: object = { secret, algorithms: ['HS256'], clockTolerance }
  return koaJwt(options as koaJwt.Options) // its types know neither KeyObject nor the options of jsonwebtoken
}

/** Returns a function that answers 401. The reason is not in the answer: it would teach the client to forge better. */
export function rejections(meter: Meter, reasons: string[]) {
  const counter = meter.createCounter('auth.rejections', { description: 'Requests with a missing or invalid token' })
  for (const reason of reasons) counter.add(0, { reason })

  return function reject(ctx: Context, reason: string): never {
    counter.add(1, { reason })
    Object.assign(ctx.state.log, { auth_rejection: reason, client_address: ctx.ip })
    const headers = { 'WWW-Authenticate': 'Bearer' }
    ctx.throw(401, 'A valid token is required: Authorization: Bearer <token from POST /auth/login>.', { headers })
  }
}

/** Signed tokens: a request says who its user is, the signature that it is true. A logout ends all tokens of the user. */
export function signedTokens({ config, db, meter }: Dependencies): Tokens {
  // One check per key: koa-jwt takes both, but then an expired token of the previous one would be reported as forged.
  const checks = [config.JWT_SECRET, config.JWT_SECRET_PREVIOUS].filter((key) => key !== undefined).map(checkWith)
  const reject: ReturnType<typeof rejections> = rejections(meter, [...ownReasons, ...Object.values(reasonOf)])
  // Verifying a token costs as much as the rest of a read, so tokens that were accepted are remembered.
  const remembered = new Map<string, Token>()
  let logouts = 0

  async function verify(ctx: Context, [check, ...others] = checks): Promise<Token> {
    if (!ctx.headers.authorization) reject(ctx, 'missing')
    try {
      await check?.(ctx, async () => {})
    } catch (error) {
      const { originalError } = error as { originalError?: Error }
      const reason = reasonOf[originalError?.message ?? ''] ?? 'malformed'
      if (reason === 'signature' && others.length > 0) return verify(ctx, others)
      reject(ctx, reason)
    }
    const { sub, exp, iat } = ctx.state.user as JwtPayload
    if (typeof exp !== 'number') reject(ctx, 'no_expiry')
    if (typeof sub !== 'string') reject(ctx, 'unknown_user')
    return { userId: sub, issuedAt: typeof iat === 'number' ? iat : 0, expires: exp, checkedAt: 0 }
  }

  async function requireUser(ctx: Context, next: Next) {
    const now = Date.now()
    const authorization = ctx.req.headers.authorization ?? ''
    let token = remembered.get(authorization)
    if (!token || token.expires + clockTolerance <= now / 1000) token = await verify(ctx)
    ctx.state.userId = token.userId // also in the log line of an outage
    if (now - token.checkedAt >= recheckMs) {
      const logoutsBefore = logouts
      // In an outage this throws, and what is remembered stays: a refusal costs no signature.
      const validFrom = await tokensValidFrom(db, config.LAB_USERS, token.userId)
      if (validFrom === undefined || token.issuedAt < validFrom) {
        remembered.delete(authorization)
        reject(ctx, validFrom === undefined ? 'unknown_user' : 'revoked')
      }
      if (remembered.size >= maxRemembered) remembered.clear()
      // A logout may have overtaken this look-up.
      if (logouts === logoutsBefore) remembered.set(authorization, { ...token, checkedAt: now })
    }
    ctx.state.tokenIssuedAt = token.issuedAt
    return next()
  }

  async function issue(userId: string, issuedAt: number, seconds: number) {
    const options = { algorithm: 'HS256' as const, subject: userId, expiresIn: seconds }
    return jsonwebtoken.sign({ iat: issuedAt }, config.JWT_SECRET as KeyObject, options)
  }

  async function revoke(ctx: Context) {
    await revokeTokens(db, ctx.state.userId, ctx.state.tokenIssuedAt)
    logouts++
    remembered.clear()
  }

  return { requireUser, issue, revoke }
}
