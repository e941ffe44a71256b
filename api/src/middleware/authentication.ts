import type { KeyObject } from 'node:crypto'
import type { Meter } from '@opentelemetry/api'
import jsonwebtoken, { type Jwt, type JwtPayload } from 'jsonwebtoken'
import type { Context, Next } from 'koa'
import type { Config } from '../config.ts'
import type { Db } from '../database/database.ts'
import { tokensValidFrom } from '../stores/users.ts'

type Dependencies = { config: Pick<Config, 'JWT_SECRET' | 'JWT_SECRET_PREVIOUS'>; db: Db; meter: Meter }
type Token = { userId: string; issuedAt: number; expires: number; checkedAt: number }

const clockTolerance = 5 // seconds
const recheckMs = 1000 // a logout in another process on the same database counts within this time
const maxRemembered = 1000

// The reason for each error of jsonwebtoken; 'malformed' for all others.
const reasonOf: Record<string, string> = {
  'invalid signature': 'signature',
  'invalid algorithm': 'algorithm',
  'jwt signature is required': 'algorithm',
  'jwt expired': 'expired',
  'jwt not active': 'not_active',
}
const ownReasons = ['missing', 'malformed', 'critical_header', 'no_expiry', 'unknown_user', 'revoked']

/**
 * `requireUser` accepts a request whose bearer token is valid, not revoked, and names an existing user: ctx.state.userId.
 * Otherwise 401. `invalidate` discards the remembered tokens; call it when tokens were revoked.
 */
export function authentication({ config, db, meter }: Dependencies) {
  const keys = [config.JWT_SECRET, config.JWT_SECRET_PREVIOUS].filter((key) => key !== undefined)
  const rejections = meter.createCounter('auth.rejections', { description: 'Requests with a missing or invalid token' })
  for (const reason of [...ownReasons, ...Object.values(reasonOf)]) rejections.add(0, { reason })
  // Verifying a token costs as much as the rest of a read, so tokens that were accepted are remembered.
  const remembered = new Map<string, Token>()

  // The reason is not in the answer: it would teach the client to forge better.
  function reject(ctx: Context, reason: string): never {
    rejections.add(1, { reason })
    Object.assign(ctx.state.log, { auth_rejection: reason, client_address: ctx.ip })
    const headers = { 'WWW-Authenticate': 'Bearer' }
    ctx.throw(401, 'A valid token is required: Authorization: Bearer <token from POST /auth/login>.', { headers })
  }

  /** Returns the content of a token that one of the keys has signed, or the reason why there is none. */
  function decode(token: string, [key, ...others] = keys): Jwt | string {
    try {
      return jsonwebtoken.verify(token, key as KeyObject, { algorithms: ['HS256'], clockTolerance, complete: true })
    } catch (error) {
      const reason = reasonOf[(error as Error).message] ?? 'malformed'
      return reason === 'signature' && others.length > 0 ? decode(token, others) : reason
    }
  }

  function verify(ctx: Context, authorization: string): Token {
    if (authorization === '') reject(ctx, 'missing')
    const jwt = decode(/^Bearer (\S+)$/i.exec(authorization)?.[1] ?? '')
    if (typeof jwt === 'string') reject(ctx, jwt)
    if ('crit' in jwt.header) reject(ctx, 'critical_header') // this API knows no extension (RFC 7515, 4.1.11)
    const { sub, exp, iat } = jwt.payload as JwtPayload
    if (typeof exp !== 'number') reject(ctx, 'no_expiry')
    if (typeof sub !== 'string') reject(ctx, 'unknown_user')
    return { userId: sub, issuedAt: typeof iat === 'number' ? iat : 0, expires: exp, checkedAt: 0 }
  }

  async function requireUser(ctx: Context, next: Next) {
    const now = Date.now()
    const authorization = ctx.req.headers.authorization ?? ''
    let token = remembered.get(authorization)
    if (!token || token.expires + clockTolerance <= now / 1000) token = verify(ctx, authorization)
    if (now - token.checkedAt >= recheckMs) {
      remembered.delete(authorization)
      const validFrom = await tokensValidFrom(db, token.userId)
      if (validFrom === undefined) reject(ctx, 'unknown_user')
      if (token.issuedAt < validFrom) reject(ctx, 'revoked')
      if (remembered.size >= maxRemembered) remembered.clear()
      remembered.set(authorization, { ...token, checkedAt: now })
    }
    ctx.state.userId = token.userId
    ctx.state.tokenIssuedAt = token.issuedAt
    return next()
  }

  return { requireUser, invalidate: () => remembered.clear() }
}
