import type { Context, Middleware, Next } from 'koa'
import getRawBody from 'raw-body'

/** Bytes of the largest body that any route reads. */
export const bodyLimit = 256 * 1024

declare module 'koa' {
  interface Request {
    /** The parsed body, behind readJson. */
    body?: unknown
  }
}

// Bodies of slow clients wait in memory. Small ones are bounded by the number of connections, larger ones together.
const small = 16 * 1024
const mostOfLarge = 32 * 1024 * 1024
let large = 0 // bytes announced by larger bodies that are underway

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Puts the parsed JSON body into ctx.request.body. Throws 400, 408, 413 (before the body is read to its end), 415 or 503. */
export function readJson(limit = bodyLimit): Middleware {
  return async function readJson(ctx: Context, next: Next) {
    if (!/^application\/json\s*(;|$)/i.test(ctx.get('Content-Type'))) {
      ctx.throw(415, 'The body must be JSON, sent with Content-Type: application/json.')
    }
    if (ctx.get('Content-Encoding') !== '' && ctx.get('Content-Encoding').toLowerCase() !== 'identity') {
      ctx.throw(415, 'The body must be sent without a Content-Encoding.')
    }
    const announced = Math.min(Number(ctx.get('Content-Length') || limit), limit)
    const reserved = announced > small ? announced : 0
    if (large + reserved > mostOfLarge) {
      ctx.throw(503, 'Too many large bodies are underway; try again.', {
        expose: true,
        headers: { 'Retry-After': '1' },
      })
    }
    large += reserved
    const bytes = await getRawBody(ctx.req, { limit, length: ctx.get('Content-Length') || null })
      .catch((error: { status?: number; code?: string }) => {
        if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') ctx.throw(408, 'The body took too long to arrive.')
        if (error.status !== 413) ctx.throw(400, 'The body did not arrive whole.')
        // What is still on its way is thrown away: a client that is cut off while it sends never reads its answer.
        ctx.req.resume()
        return ctx.throw(413, `The body must not be larger than ${limit} bytes.`)
      })
      .finally(() => {
        large -= reserved
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
