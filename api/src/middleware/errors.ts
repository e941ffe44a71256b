import { STATUS_CODES } from 'node:http'
import type { Context, Middleware, Next } from 'koa'
import { HttpError } from 'koa'
import { DatabaseUnavailable } from '../database/faults.ts'

/** The only place that turns an error into an answer: application/problem+json (RFC 9457). */
export function errors(): Middleware {
  return async function errors(ctx: Context, next: Next) {
    try {
      // Node would refuse this itself, without a body that says why.
      if (ctx.headers.host === undefined && ctx.req.httpVersion === '1.1')
        ctx.throw(400, 'The header Host is required.')
      await next()
      if (ctx.status === 404 && ctx.body == null) refuseUnknown(ctx)
    } catch (error) {
      if (error instanceof DatabaseUnavailable) {
        Object.assign(ctx.state.log, { db_unavailable: true, reason: error.reason })
        ctx.set('Retry-After', '1')
        problem(ctx, 503, 'The database cannot be used right now. Nothing was changed; try again.')
      } else if (error instanceof HttpError && error.expose) {
        ctx.set(error.headers ?? {})
        problem(ctx, error.status, error.message, error.errors)
      } else {
        ctx.state.log.err = error
        problem(ctx, 500)
      }
    }
  }
}

function refuseUnknown(ctx: Context) {
  const methods = new Set<string>((ctx.matched ?? []).flatMap((layer: { methods: string[] }) => layer.methods))
  if (methods.size === 0)
    return problem(ctx, 404, 'There is nothing under this path; /openapi.json lists what there is.')
  ctx.set('Allow', [...methods].sort().join(', '))
  problem(ctx, 405, `${ctx.method} is not among the methods of this path; the header Allow lists them.`)
}

function problem(ctx: Context, status: number, detail?: string, faults?: { name: string; detail: string }[]) {
  ctx.status = status
  ctx.body = {
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail,
    request_id: ctx.state.requestId,
    errors: faults,
  }
  ctx.type = 'application/problem+json'
}
