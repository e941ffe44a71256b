import { metrics } from '@opentelemetry/api'
import type { Context, Middleware, Next } from 'koa'
import { HttpError } from 'koa'
import { CompiledQuery } from 'kysely'
import { RateLimiterMemory, RateLimiterPostgres, type RateLimiterRes } from 'rate-limiter-flexible'
import type { Db } from '../database/database.ts'
import { waitingHashes } from '../stores/passwords.ts'
import { overloaded, retryAfter } from './errors.ts'

const outcomes = { 200: 'success', 401: 'failure', 429: 'limited', 503: 'overloaded' } as const
const maxWaiting = 50 // about one second of hashing; beyond that, refuse immediately

/** Counts every login attempt by its outcome; `invalid` is any other 4xx, such as a body that is no JSON. */
export function countLogins(): Middleware {
  const logins = metrics.getMeter('api').createCounter('auth.logins', { description: 'Login attempts' })
  for (const outcome of [...Object.values(outcomes), 'aborted', 'invalid', 'error']) logins.add(0, { outcome })

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
      const other = status < 500 ? 'invalid' : 'error'
      const outcome = ctx.res.closed ? 'aborted' : (outcomes[status as keyof typeof outcomes] ?? other)
      logins.add(1, { outcome })
    }
  }
}

/** Throws 503 when too many logins wait for their hash. */
export function refuseWhenCrowded(ctx: Context) {
  if (waitingHashes() >= maxWaiting) overloaded(ctx, 'Too many logins are waiting; try again.')
}

/**
 * Limits login attempts before a hash is spent on them: so many per minute for a name from an address, and five times as
 * many for an address with any names. 0 switches the limits off. The returned function throws 429 or 503. Processes that
 * share a PostgreSQL `db` count together; while it takes no writes, each counts in its memory.
 */
export function limitLogins(attemptsPerMinute: number, db?: Db) {
  const perPair = limiter('name', attemptsPerMinute, db)
  const perAddress = limiter('address', 5 * attemptsPerMinute, db)

  return async function limitLogins(ctx: Context, username: string) {
    refuseWhenCrowded(ctx)
    if (attemptsPerMinute === 0) return
    const refuse = ({ msBeforeNext }: RateLimiterRes): never => {
      const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000))
      const headers = { 'Retry-After': retryAfter(seconds) }
      ctx.throw(429, `Too many login attempts; try again in ${seconds} s.`, { headers })
    }
    const pair = JSON.stringify([username, ctx.ip])
    // An attempt beyond the limit of its name does not use up the limit of the address, which others may share.
    const used = await perPair.get(pair)
    if (used && used.remainingPoints <= 0) refuse(used)
    // The address first: a refused attempt must not leave a name in memory.
    await perAddress.consume(ctx.ip).catch(refuse)
    await perPair.consume(pair).catch(refuse)
  }
}

function limiter(keyPrefix: string, points: number, db?: Db) {
  const options = { keyPrefix, points, duration: 60 }
  const inMemory = new RateLimiterMemory(options)
  if (!db) return inMemory
  async function query({ text, values }: { text: string; values: unknown[] }) {
    const { rows } = await (db as Db).executeQuery(CompiledQuery.raw(text, values))
    return { rows, rowCount: rows.length }
  }
  const store = { storeClient: { query }, storeType: 'client', tableName: 'login_attempts', tableCreated: true }
  return new RateLimiterPostgres({ ...options, ...store, insuranceLimiter: inMemory })
}
