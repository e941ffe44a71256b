import type { Meter } from '@opentelemetry/api'
import type { Context, Middleware, Next } from 'koa'
import { HttpError } from 'koa'
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'
import { waitingHashes } from '../passwords.ts'

const outcomes = { 200: 'success', 401: 'failure', 429: 'limited' } as const
const longestQueue = 50 // about a second of hashing; who comes later is better told so than left waiting

/** Counts every attempt to log in by how it ended; `error` is whatever was neither right, wrong nor one too many. */
export function countLogins(meter: Meter): Middleware {
  const logins = meter.createCounter('auth.logins', { description: 'Attempts to log in' })
  for (const outcome of [...Object.values(outcomes), 'error']) logins.add(0, { outcome })

  return async function countLogins(ctx: Context, next: Next) {
    let status = 500
    try {
      await next()
      status = ctx.status
    } catch (error) {
      if (error instanceof HttpError) status = error.status
      throw error
    } finally {
      if (status !== 200) ctx.state.log.client_address = ctx.ip
      logins.add(1, { outcome: outcomes[status as keyof typeof outcomes] ?? 'error' })
    }
  }
}

/** Limits attempts before a hash is spent on them. 0 attempts a minute: no limit. The returned function throws 429. */
export function limitLogins(attemptsPerMinute: number) {
  const limiter = new RateLimiterMemory({ points: attemptsPerMinute, duration: 60 })

  return async function limitLogins(ctx: Context, username: string) {
    // Checked first: it also bounds how many names the limiter has to remember.
    if (waitingHashes() >= longestQueue) refuse(ctx, 1)
    if (attemptsPerMinute === 0) return
    await limiter.consume(JSON.stringify([username, ctx.ip])).catch((left: RateLimiterRes) => {
      refuse(ctx, Math.ceil(left.msBeforeNext / 1000))
    })
  }
}

function refuse(ctx: Context, seconds: number): never {
  ctx.throw(429, `There were too many attempts to log in; try again in ${seconds} s.`, {
    headers: { 'Retry-After': String(Math.max(1, seconds)) },
  })
}
