import { createServer, type Server } from 'node:http'
import { json } from 'node:stream/consumers'
import Router from '@koa/router'
import Koa, { type Context, type Next } from 'koa'
import { duration, oneOf } from '../config.ts'
import { UserError } from '../errors.ts'
import { kinds } from '../faults/fault.ts'
import type { Activity } from './activity.ts'
import type { Faults } from './faults.ts'

type Parts = { faults: Faults; activity: Activity; status: () => object }

/**
 * Takes the commands of `outage`, `recover`, `status` and of experiments. It listens on a Unix socket and nowhere else, so
 * that no web page can reach it: its clients are inside the container already.
 */
export function createControl({ faults, activity, status }: Parts): Server {
  const router = new Router()
  router.get('/status', (ctx) => {
    ctx.body = status()
  })
  router.post('/outage', async (ctx) => {
    const { mode = '', for: time = '' } = await bodyOf(ctx)
    ctx.body = await faults.begin(oneOf('mode', mode, kinds), duration('for', time))
  })
  router.post('/recover', async (ctx) => {
    ctx.body = await faults.end()
  })
  router.post('/phase', async (ctx) => {
    const { experiment = '', phase = '', for: time = '' } = await bodyOf(ctx)
    activity.enter(experiment, phase, duration('for', time))
    ctx.body = {}
  })
  router.post('/attempts', async (ctx) => {
    const { attack = '', ...reported } = await bodyOf(ctx)
    activity.count(attack, reported)
    ctx.body = {}
  })
  return createServer(new Koa().use(errors).use(router.routes()).callback())
}

/** Answers an error as {error}: a UserError with 409, any other with 500. */
async function errors(ctx: Context, next: Next): Promise<void> {
  try {
    await next()
  } catch (error) {
    const isExpected = error instanceof UserError
    if (!isExpected) console.error(error)
    ctx.status = isExpected ? 409 : 500
    ctx.body = { error: isExpected ? error.message : "Unexpected error: see the lab's log, make logs ONLY=lab" }
  }
}

async function bodyOf(ctx: Context): Promise<Record<string, string>> {
  return (await json(ctx.req)) as Record<string, string>
}
