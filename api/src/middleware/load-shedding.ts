import { metrics } from '@opentelemetry/api'
import type { Context, Middleware, Next } from 'koa'
import { overloaded } from './errors.ts'

type Reason = 'event_loop' | 'login_queue'

/**
 * Refuses a request with 503 when it would wait longer than `afterMs`, before its token, its body or the database cost
 * anything: an answer that comes too late is work for a client that has gone. No middleware if `afterMs` is 0, so that
 * requests cost the same as without. Written here because Koa's overload-protection is unmaintained and knows no queue.
 */
export function loadShedding(afterMs: number, waits: Record<Reason, () => number>) {
  const description = 'Requests refused because the wait was too long'
  const shed = metrics.getMeter('api').createCounter('requests.shed', { description })
  for (const reason of Object.keys(waits)) shed.add(0, { reason })

  return function shedBy(reason: Reason): Middleware[] {
    const waitMs = waits[reason]
    async function shedLoad(ctx: Context, next: Next) {
      if (waitMs() > afterMs) {
        shed.add(1, { reason })
        ctx.state.log.shed = reason
        overloaded(ctx, 'The wait would be too long now; send less, or try again later.')
      }
      return next()
    }
    return afterMs > 0 ? [shedLoad] : []
  }
}
