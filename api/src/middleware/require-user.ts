import type { Meter } from '@opentelemetry/api'
import type { Context, Next } from 'koa'
import koaJwt from 'koa-jwt'
import type { Db } from '../database/dialect.ts'
import type { Gate } from '../database/gate.ts'
import type { Keys } from '../keys.ts'
import { tokensValidFrom } from '../stores/users.ts'

const reasons = [
  'missing',
  'malformed',
  'algorithm',
  'signature',
  'expired',
  'not_active',
  'no_expiry',
  'unknown_user',
  'revoked',
]

type Dependencies = { keys: () => Keys; db: Db; gate: Gate; meter: Meter }
type Token = { userId: string; issuedAt: number; exp: number }

const tolerance = 5 // seconds by which two clocks may differ
const mostRemembered = 1000
const proceed = async () => {}

/**
 * `requireUser` lets a request pass whose bearer token is valid, names a user who exists and was not ended since:
 * ctx.state.userId. Else 401. `forget` is told when a user's tokens were ended.
 */
export function createGuard({ keys, db, gate, meter }: Dependencies) {
  const rejections = meter.createCounter('auth.rejections', { description: 'Requests refused for their token' })
  for (const reason of reasons) rejections.add(0, { reason })

  // The reason stays inside: a client that learns it learns how to forge better.
  function reject(ctx: Context, reason: string): never {
    rejections.add(1, { reason })
    Object.assign(ctx.state.log, { auth_rejection: reason, client_address: ctx.ip })
    ctx.throw(401, 'A valid token is required: Authorization: Bearer <token from POST /auth/login>.', {
      headers: { 'WWW-Authenticate': 'Bearer' },
    })
  }

  // koa-jwt hands its options on to jsonwebtoken; its types know neither key objects nor the clock tolerance.
  const verifierOf = (key: Keys[number]) =>
    koaJwt({ secret: key as never, algorithms: ['HS256'], clockTolerance: tolerance, key: 'claims' } as never)
  let current = keys()
  let verifiers = current.map(verifierOf)

  async function verify(ctx: Context) {
    if (ctx.get('Authorization') === '') reject(ctx, 'missing')
    let reason = ''
    for (const verifier of verifiers) {
      try {
        return await verifier(ctx as never, proceed)
      } catch (error) {
        reason = reasonOf(error)
        if (reason !== 'signature') break // only then another key could help
      }
    }
    reject(ctx, reason)
  }

  async function examine(ctx: Context): Promise<Token> {
    await verify(ctx)
    const { sub, exp, iat } = Object(ctx.state.claims) as { sub?: unknown; exp?: unknown; iat?: unknown }
    if (typeof exp !== 'number') reject(ctx, 'no_expiry')
    const validFrom = typeof sub === 'string' ? await tokensValidFrom(db, sub) : undefined
    if (typeof sub !== 'string' || validFrom === undefined) reject(ctx, 'unknown_user')
    const issuedAt = typeof iat === 'number' ? iat : 0
    if (issuedAt < validFrom) reject(ctx, 'revoked')
    return { userId: sub, issuedAt, exp }
  }

  // Examining a token costs as much as all the rest of a read, and its answer changes only when the token expires, the
  // user logs out, gets another password or is removed, or the keys change. All that happens through this process alone,
  // and another file under the database's name is an outage.
  const good = new Map<string, Token>()
  let goodSince = gate.state().since

  async function requireUser(ctx: Context, next: Next) {
    const { since } = gate.state()
    if (since !== goodSince || good.size >= mostRemembered) good.clear()
    goodSince = since
    if (keys() !== current) {
      good.clear()
      current = keys()
      verifiers = current.map(verifierOf)
    }
    const header = ctx.get('Authorization')
    let token = good.get(header)
    if (!token || token.exp + tolerance <= Date.now() / 1000) {
      good.delete(header)
      token = await examine(ctx)
      good.set(header, token)
    }
    ctx.state.userId = token.userId
    ctx.state.tokenIssuedAt = token.issuedAt
    return next()
  }

  function forget(userId: string) {
    for (const [header, token] of good) if (token.userId === userId) good.delete(header)
  }

  return { requireUser, forget }
}

function reasonOf(error: unknown): string {
  const { name, message } = ((error as { originalError?: Error }).originalError ?? {}) as Partial<Error>
  if (name === 'TokenExpiredError') return 'expired'
  if (name === 'NotBeforeError') return 'not_active'
  if (message === 'invalid signature') return 'signature'
  if (message === 'invalid algorithm' || message === 'jwt signature is required') return 'algorithm'
  return 'malformed'
}
