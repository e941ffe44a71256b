import type { KeyObject } from 'node:crypto'
import type { Meter } from '@opentelemetry/api'
import type { Context, Middleware, Next } from 'koa'
import koaJwt from 'koa-jwt'
import type { Db } from '../database/dialect.ts'
import type { Gate } from '../database/gate.ts'
import { userExists } from '../stores/users.ts'

const reasons = ['missing', 'malformed', 'algorithm', 'signature', 'expired', 'not_active', 'no_expiry', 'unknown_user']

type Dependencies = { key: KeyObject; db: Db; gate: Gate; meter: Meter }

/** Lets a request pass whose bearer token is valid and names a user who exists: ctx.state.userId. Else 401. */
export function requireUser({ key, db, gate, meter }: Dependencies): Middleware {
  const rejections = meter.createCounter('auth.rejections', { description: 'Requests refused for their token' })
  for (const reason of reasons) rejections.add(0, { reason })
  // A key object made once: from a string jsonwebtoken tries to make a public key first, 90 µs on every request.
  // koa-jwt hands its options on to jsonwebtoken; its types know neither key objects nor the clock tolerance (seconds).
  const options = { secret: key as never, algorithms: ['HS256'], clockTolerance: 5, key: 'claims' }
  const verify = koaJwt(options)
  const proceed = async () => {}

  // Users come and go only through this process, and another file under the database's name is noticed as an outage:
  // who was seen since the last one exists. Asking every time would double what a read costs.
  const seen = new Set<string>()
  let seenSince = gate.state().since
  async function exists(id: string) {
    const { since } = gate.state()
    if (since !== seenSince) {
      seen.clear()
      seenSince = since
    }
    if (!seen.has(id) && (await userExists(db, id))) seen.add(id)
    return seen.has(id)
  }

  // The reason stays inside: a client that learns it learns how to forge better.
  function reject(ctx: Context, reason: string): never {
    rejections.add(1, { reason })
    ctx.state.log.auth_rejection = reason
    ctx.throw(401, 'A valid token is required: Authorization: Bearer <token from POST /auth/login>.', {
      headers: { 'WWW-Authenticate': 'Bearer' },
    })
  }

  return async function requireUser(ctx: Context, next: Next) {
    try {
      await verify(ctx as never, proceed)
    } catch (error) {
      reject(ctx, ctx.get('Authorization') === '' ? 'missing' : reasonOf(error))
    }
    const { sub, exp } = Object(ctx.state.claims) as { sub?: unknown; exp?: unknown }
    if (typeof exp !== 'number') reject(ctx, 'no_expiry')
    if (typeof sub !== 'string' || !(await exists(sub))) reject(ctx, 'unknown_user')
    ctx.state.userId = sub
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
