import type Router from '@koa/router'
import { z } from 'zod'
import { reasons } from '../database/faults.ts'
import type { State } from '../database/gate.ts'
import type { Operation } from './operation.ts'

const Health = z
  .object({
    status: z.enum(['ok', 'degraded']),
    degraded: z.boolean(),
    database: z.object({
      available: z.boolean(),
      reason: z.enum(reasons).nullable(),
      since: z.iso.datetime({ precision: 3 }),
    }),
    version: z.string(),
    uptime_seconds: z.number(),
  })
  .meta({ id: 'Health' })

/** 200 while the process serves at all: what it depends on is told in the body. It never touches the database. */
export function healthRoutes(router: Router, { state, version }: { state: () => State; version: string }) {
  router.get('/health', async function health(ctx) {
    const { available, reason, since } = state()
    ctx.body = {
      status: available ? 'ok' : 'degraded',
      degraded: !available,
      database: { available, reason, since },
      version,
      uptime_seconds: Math.round(process.uptime() * 1000) / 1000,
    }
  })
}

export const healthOperations: Operation[] = [
  {
    method: 'get',
    path: '/health',
    summary: 'Whether the process serves, and whether the database can be used',
    success: { status: 200, schema: Health },
    refusals: [],
  },
]
