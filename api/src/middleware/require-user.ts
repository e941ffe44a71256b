import type { KeyObject } from 'node:crypto'
import type { Meter } from '@opentelemetry/api'
import type { Context, Middleware, Next } from 'koa'
import koaJwt from 'koa-jwt'
import type { Db } from '../database/dialect.ts'
import type { Gate } from '../database/gate.ts'
import { userExists } from '../stores/users.ts'

const reasons = ['missing', 'malformed', 'algorithm', 'signature', 'expired', 'not_active', 'no_expiry', 'unknown_user']

type Dependencies = { key: KeyObject; db: Db; gate: Gate; meter: Meter }

const tolerance = 5 // seconds by which two clocks may differ
const mostRemembered = 1000

/** Lets a request pass whose bearer token is valid and names a user who exists: ctx.state.userId. Else 401. */
export function requireUser({ key, db, gate, meter }: Dependencies): Middleware {
  const rejections = meter.createCounter('auth.rejections', { description: 'Requests refused for their token' })
  for (const reason of reasons) rejections.add(0, { reason })
  // A key object made once: from a string jsonwebtoken tries to make a public key first, 90 µs on every request.
  // koa-jwt hands its options on to jsonwebtoken; its types know neither key objects nor the clock tolerance.
  const options = { secret: key as never, algorithms: ['HS256'], clockTolerance: tolerance, key: 'claims' }
  const verify = koaJwt(options)
  const proceed = async () => {}

  // The reason stays inside: a client that learns it learns how to forge better.
  function reject(ctx: Context, reason: string): never {
    rejections.add(1, { reason })
    ctx.state.log.auth_rejection = reason
    ctx.throw(401, 'A valid token is required: Authorization: Bearer <token from POST /auth/login>.', {
      headers: { 'WWW-Authenticate': 'Bearer' },
    })
  }

  async function examine(ctx: Context): Promise<{ userId: string; exp: number }> {
    try {
      await verify(ctx as never, proceed)
    } catch (error) {
      reject(ctx, ctx.get('Authorization') === '' ? 'missing' : reasonOf(error))
    }
    const { sub, exp } = Object(ctx.state.claims) as { sub?: unknown; exp?: unknown }
    if (typeof exp !== 'number') reject(ctx, 'no_expiry')
    if (typeof sub !== 'string' || !(await userExists(db, sub))) reject(ctx, 'unknown_user')
    return { userId: sub, exp }
  }

  // Examining a token costs as much as all the rest of a read, and its answer changes only when the token expires or the
  // user goes. Users come and go through this process alone, and another file under the database's name is an outage.
  const good = new Map<string, { userId: string; exp: number }>()
  let goodSince = gate.state().since
  return async function requireUser(ctx: Context, next: Next) {
    const { since } = gate.state()
    if (since !== goodSince || good.size >= mostRemembered) good.clear()
    goodSince = since
    const header = ctx.get('Authorization')
    let token = good.get(header)
    if (!token || token.exp + tolerance <= Date.now() / 1000) {
      good.delete(header)
      token = await examine(ctx)
      good.set(header, token)
    }
    ctx.state.userId = token.userId
    return next()
  }
}

function reasonOf(error: unknown): string {
  const { name, message } = ((error as { originalError?: Error }).originalError ?? {}) as Partial<Error>
  if (name === 'TokenExpiredError') return 'expired'
  if (name === 'NotBeforeError') return 'not_active'
  if (message === 'invalid signature') return 'signature'
  if (message === 'invalid algorithm' || message === 'jwt signature is required') return 'algorithm'
  return 'malformed'
}
