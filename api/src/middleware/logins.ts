import type { Meter } from '@opentelemetry/api'
import type { Context, Middleware, Next } from 'koa'
import { HttpError } from 'koa'
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'
import { waitingHashes } from '../passwords.ts'

const outcomes = { 200: 'success', 401: 'failure', 429: 'limited' } as const
const longestQueue = 50 // about a second of hashing; who comes later is better told so than left waiting
const mostFamiliar = 10_000

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

/**
 * Limits attempts before a hash is spent on them: so many a minute for a name from an address, and five times as many for
 * an address with whatever names, and for a name from whatever addresses. 0: no limit. The returned function throws 429;
 * what it gives is called when the login has passed, and that address is no stranger to that name any more: a crowd that
 * guesses a name must not lock out its owner.
 */
export function limitLogins(attemptsPerMinute: number) {
  const limiter = (points: number) => new RateLimiterMemory({ points, duration: 60 })
  const ofPair = limiter(attemptsPerMinute)
  const ofAddress = limiter(5 * attemptsPerMinute)
  const ofName = limiter(5 * attemptsPerMinute)
  const familiar = new Set<string>()

  return async function limitLogins(ctx: Context, username: string): Promise<() => void> {
    if (waitingHashes() >= longestQueue) refuse(ctx, { msBeforeNext: 1000 })
    if (attemptsPerMinute === 0) return () => {}
    const pair = JSON.stringify([username, ctx.ip])
    const limits: [RateLimiterMemory, string][] = [
      [ofPair, pair],
      [ofAddress, ctx.ip],
    ]
    if (!familiar.has(pair)) limits.push([ofName, username])
    // What is refused must leave nothing behind: there are more names than memory.
    for (const [limiter, key] of limits) {
      const used = await limiter.get(key)
      if (used && used.remainingPoints <= 0) refuse(ctx, used)
    }
    // Those who came at the same time may have used it up meanwhile.
    for (const [limiter, key] of limits) await limiter.consume(key).catch((used) => refuse(ctx, used))
    return () => {
      if (familiar.size >= mostFamiliar) familiar.clear()
      familiar.add(pair)
    }
  }
}

function refuse(ctx: Context, { msBeforeNext }: Pick<RateLimiterRes, 'msBeforeNext'>): never {
  const seconds = Math.ceil(msBeforeNext / 1000)
  ctx.throw(429, `There were too many attempts to log in; try again in ${seconds} s.`, {
    headers: { 'Retry-After': String(Math.max(1, seconds)) },
  })
}
