import { STATUS_CODES } from 'node:http'
import type { Context, Middleware, Next } from 'koa'
import { HttpError } from 'koa'
import { DatabaseUnavailable } from '../database/database.ts'

// The type of a 503 says what the client can do. They are relative references: the API has no domain of its own.
export const problemTypes = {
  unavailable: '/problems/database-unavailable',
  readOnly: '/problems/database-read-only',
  overloaded: '/problems/overloaded',
} as const

/** Seconds for Retry-After, by up to two more: clients that were refused together do not come back together. */
export const retryAfter = (seconds = 1) => String(seconds + Math.floor(3 * Math.random()))

/** Throws a 503 for work that the API could do a moment later. */
export function overloaded(ctx: Context, detail: string): never {
  const headers = { 'Retry-After': retryAfter() }
  ctx.throw(503, detail, { expose: true, problemType: problemTypes.overloaded, headers })
}

/** The only place that turns an error into an answer: application/problem+json (RFC 9457). */
export function errors(): Middleware {
  return async function errors(ctx: Context, next: Next) {
    try {
      // Node would refuse this itself, without a body that says why.
      if (ctx.headers.host === undefined && ctx.req.httpVersion === '1.1')
        ctx.throw(400, 'The header Host is required.')
      await next()
      if (ctx.status === 404 && ctx.body == null) answerUnknown(ctx)
    } catch (error) {
      if (error instanceof DatabaseUnavailable) {
        Object.assign(ctx.state.log, { db_unavailable: true, reason: error.reason })
        ctx.set('Retry-After', retryAfter())
        problem(ctx, 503, describe(error))
      } else if (error instanceof HttpError && error.expose) {
        ctx.set(error.headers ?? {})
        problem(ctx, error.status, { type: error.problemType, detail: error.message, errors: error.errors })
      } else {
        ctx.state.log.err = error
        problem(ctx, 500, {})
      }
    }
  }
}

const states = { unavailable: 'cannot be used', readOnly: 'can only be read', overloaded: 'is busy with other work' }
function describe({ trouble, inDoubt }: DatabaseUnavailable) {
  const change = inDoubt ? 'The change may have been made: look before you' : 'Nothing was changed;'
  return { type: problemTypes[trouble], detail: `The database ${states[trouble]} right now. ${change} try again.` }
}

function answerUnknown(ctx: Context) {
  const methods = new Set<string>((ctx.matched ?? []).flatMap((layer: { methods: string[] }) => layer.methods))
  if (methods.size === 0) return problem(ctx, 404, { detail: 'No such path; /openapi.json lists all paths.' })
  ctx.set('Allow', [...methods].sort().join(', '))
  problem(ctx, 405, { detail: `${ctx.method} is not allowed here; the header Allow lists the methods of this path.` })
}

type Details = { type?: string; detail?: string; errors?: { name: string; detail: string }[] }
function problem(ctx: Context, status: number, { type = 'about:blank', ...details }: Details) {
  ctx.status = status
  ctx.body = { type, title: STATUS_CODES[status], status, ...details, request_id: ctx.state.requestId }
  ctx.type = 'application/problem+json'
}
