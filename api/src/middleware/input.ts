import type { Context, Middleware, Next } from 'koa'
import getRawBody from 'raw-body'
import { z } from 'zod'

/** Maximum size of a body in bytes, unless a route allows less. */
const defaultBodyLimit = 64 * 1024

declare module 'koa' {
  interface Request {
    /** The parsed body, after readJson. */
    body?: unknown
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Puts the parsed JSON body into ctx.request.body. Throws 400, 408, 413 (before the body is read to its end), or 415. */
export function readJson(limit = defaultBodyLimit): Middleware {
  return async function readJson(ctx: Context, next: Next) {
    const { 'content-type': type = '', 'content-encoding': encoding = '', 'content-length': length } = ctx.req.headers
    if (!/^application\/json\s*(;|$)/i.test(type)) {
      ctx.throw(415, 'The body must be JSON, sent with Content-Type: application/json.')
    }
    if (encoding !== '' && encoding.toLowerCase() !== 'identity') {
      ctx.throw(415, 'The body must be sent without a Content-Encoding.')
    }
    const bytes = await getRawBody(ctx.req, { limit, length }).catch((error: { status?: number; code?: string }) => {
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') ctx.throw(408, 'The body took too long to arrive.')
      if (error.status !== 413) ctx.throw(400, 'The body did not arrive whole.')
      // Discard the rest: a client that is cut off while it sends never reads its answer.
      ctx.req.resume()
      return ctx.throw(413, `The body must not be larger than ${limit} bytes.`)
    })
    try {
      ctx.request.body = JSON.parse(utf8.decode(bytes))
    } catch {
      // The parser's own message quotes the body, and a password may be in it.
      ctx.throw(400, 'The body is not valid JSON in UTF-8.')
    }
    return next()
  }
}

/** Text of min to max characters, counted by code point as JSON Schema does; JavaScript counts UTF-16 units. */
export function text(min: number, max: number) {
  const pattern = new RegExp(`^[^\\0\\p{Cs}]{${min},${max}}$`, 'su') // PostgreSQL's text has neither
  return z
    .string()
    .refine((value) => pattern.test(value), `must have ${min} to ${max} characters, no U+0000 and no lone surrogate`)
    .meta({ minLength: min, maxLength: max })
}

/** Returns the value as its schema describes it. Throws 422 with every problem and the member it is in. */
export function check<T>(ctx: Context, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const errors = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => ({ name, detail: 'is not a known member' }))
      : [{ name: issue.path.join('.'), detail: issue.message }],
  )
  return ctx.throw(422, 'The request does not match /openapi.json; `errors` lists each problem.', { errors })
}
