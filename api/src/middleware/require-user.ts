import type { KeyObject } from 'node:crypto'
import type { Meter } from '@opentelemetry/api'
import type { Context, Middleware, Next } from 'koa'
import koaJwt from 'koa-jwt'
import type { Db } from '../database/dialect.ts'
import { userExists } from '../stores/users.ts'

const reasons = ['missing', 'malformed', 'algorithm', 'signature', 'expired', 'not_active', 'no_expiry', 'unknown_user']

/** Lets a request pass whose bearer token is valid and names a user who exists: ctx.state.userId. Else 401. */
export function requireUser({ key, db, meter }: { key: KeyObject; db: Db; meter: Meter }): Middleware {
  const rejections = meter.createCounter('auth.rejections', { description: 'Requests refused for their token' })
  for (const reason of reasons) rejections.add(0, { reason })
  // A key object made once: from a string jsonwebtoken tries to make a public key first, 90 µs on every request.
  // koa-jwt hands its options on to jsonwebtoken; its types know neither key objects nor the clock tolerance (seconds).
  const options = { secret: key as never, algorithms: ['HS256'], clockTolerance: 5, key: 'claims' }
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

  return async function requireUser(ctx: Context, next: Next) {
    try {
      await verify(ctx as never, proceed)
    } catch (error) {
      reject(ctx, ctx.get('Authorization') === '' ? 'missing' : reasonOf(error))
    }
    const { sub, exp } = Object(ctx.state.claims) as { sub?: unknown; exp?: unknown }
    if (typeof exp !== 'number') reject(ctx, 'no_expiry')
    if (typeof sub !== 'string' || !(await userExists(db, sub))) reject(ctx, 'unknown_user')
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
