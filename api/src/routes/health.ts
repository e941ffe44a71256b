import { z } from 'zod'
import { reasons, type State } from '../database/database.ts'
import type { Route } from './openapi.ts'

const Health = z
  .object({
    status: z.enum(['ok', 'read_only', 'degraded']),
    degraded: z.boolean(),
    database: z.object({
      available: z.boolean(),
      reads: z.boolean(),
      writes: z.boolean(),
      reason: z.enum(reasons).nullable(),
      since: z.iso.datetime({ precision: 3 }),
    }),
    version: z.string(),
    uptime_seconds: z.number(),
  })
  .meta({ id: 'Health' })

/** 200 while the process serves at all; the body reports what it depends on. It never touches the database. */
export function healthRoute(state: () => State, version: string): Route {
  return {
    method: 'get',
    path: '/health',
    summary: 'Whether the process serves, and whether the database can be used',
    success: { status: 200, schema: Health },
    async handle(ctx) {
      const { reads, writes, reason, since } = state()
      const available = reads && writes
      ctx.body = {
        status: available ? 'ok' : reads ? 'read_only' : 'degraded',
        degraded: !available,
        database: { available, reads, writes, reason, since },
        version,
        uptime_seconds: Math.round(process.uptime() * 1000) / 1000,
      }
    },
  }
}
