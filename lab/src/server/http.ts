import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import Router from '@koa/router'
import Koa, { type Context, type Next } from 'koa'
import { register } from 'prom-client'
import { Pool } from 'undici'
import type { Tally } from '../attacks/attack.ts'
import { duration, oneOf } from '../config.ts'
import { UserError } from '../errors.ts'
import { kinds } from '../faults/all.ts'
import type { LoadTally } from '../load/figures.ts'
import { type Activity, troubles } from './activity.ts'
import type { Faults } from './faults.ts'
import type { Recorder } from './recorder.ts'

type Control = { faults: Faults; activity: Activity; recorder: Recorder; status: () => object }

/**
 * Takes the commands of `outage`, `recover`, `status` and of experiments. It listens on a Unix socket and nowhere else, so
 * that no web page can reach it: its clients are inside the container already.
 */
export function createControl({ faults, activity, recorder, status }: Control): Server {
  const router = new Router()
  const post = (path: string, command: (words: Record<string, string>) => unknown) =>
    router.post(path, async (ctx) => {
      ctx.body = (await command(JSON.parse((await text(ctx.req)) || '{}'))) ?? {}
    })
  router.get('/status', (ctx) => {
    ctx.body = status()
  })
  post('/outage', ({ mode = '', for: time = '' }) => faults.begin(oneOf('MODE', mode, kinds), duration('FOR', time)))
  post('/recover', () => faults.end())
  post('/phase', ({ experiment = '', phase = '', for: time = '', trouble }) =>
    activity.enter(experiment, phase, duration('for', time), trouble ? oneOf('trouble', trouble, troubles) : undefined),
  )
  post('/attempts', ({ attack = '', ...tally }) => activity.count(attack, tally as Partial<Tally>))
  post('/load', (words) => {
    const tally = words as unknown as LoadTally
    activity.countLoad(tally)
    recorder.met(tally)
  })
  post('/fault', (event) => recorder.note('fault', event, Number(event.at)))
  post('/k6', (summary) => recorder.note('k6', summary))
  return createServer(new Koa().use(errors).use(router.routes()).callback())
}

/** Answers an error as {error}: a UserError with 409, any other with 500. */
export async function errors(ctx: Context, next: Next): Promise<void> {
  try {
    await next()
  } catch (error) {
    const isExpected = error instanceof UserError
    if (!isExpected) console.error(error)
    ctx.status = isExpected ? 409 : 500
    ctx.body = { error: isExpected ? error.message : "Unexpected error: see the lab's log, make logs ONLY=lab" }
  }
}

// The names of this machine, and the one under which Prometheus knows the lab.
const ownNames = /^(localhost|127\.0\.0\.1|\[::1\]|lab)(:\d+)?$/i

/**
 * Rejects requests that a web page of another site sends: they carry its origin, or its own name that was pointed to this
 * machine (DNS rebinding).
 */
async function rejectForeignOrigin(ctx: Context, next: Next): Promise<void> {
  const { host, origin } = ctx.req.headers
  // Only a health check speaks HTTP/1.0, without a Host.
  const isOwn = host === undefined || ownNames.test(host)
  if (isOwn && (origin === undefined || origin === `http://${host}`)) return next()
  ctx.status = 403
  ctx.body = 'Ask for localhost or 127.0.0.1, and from no other page.\n'
}

/** GET /metrics for Prometheus, GET /status for programs, and the live page for people. */
export function createPages(status: () => object, page: Router): Server {
  const router = new Router()
  router.get('/metrics', async (ctx) => {
    ctx.type = register.contentType
    ctx.body = await register.metrics()
  })
  router.get('/status', (ctx) => {
    ctx.body = status()
  })
  return createServer(newApp().use(page.routes()).use(router.routes()).use(page.allowedMethods()).callback())
}

// Long queries are sent as a form.
const readByPost = /^\/api\/v1\/(query|query_range|query_exemplars|series|labels)$/
const passedOn = ['accept', 'accept-encoding', 'accept-language', 'content-type', 'content-length', 'user-agent']
const passedBack = ['content-type', 'content-encoding', 'cache-control', 'location']

/**
 * Prometheus's pages and queries for this machine, read-only: otherwise any web page could write into it what only k6
 * writes, inside the network.
 */
export function createPrometheusProxy(url: string): Server {
  const pool = new Pool(url)
  const pick = (headers: NodeJS.Dict<string | string[]>, names: string[]) =>
    Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])))

  async function proxy(ctx: Context): Promise<void> {
    const { method, url: target } = ctx
    const isRead = method === 'GET' || method === 'HEAD' || (method === 'POST' && readByPost.test(ctx.path))
    if (!isRead) return ctx.throw(403, 'Only reading goes through here.')
    // A client that takes this for a proxy sends a whole URL.
    if (!target.startsWith('/')) return ctx.throw(400, 'Ask for a path.')
    const headers = pick(ctx.req.headers, passedOn)
    const body = method === 'POST' ? ctx.req : null
    const answer = await pool.request({ method, path: target, headers, body }).catch(() => undefined)
    if (answer === undefined) return ctx.throw(502, 'Prometheus does not answer: make status')
    // A client that hangs up aborts the answer.
    answer.body.on('error', () => {})
    ctx.status = answer.statusCode
    ctx.body = answer.body
    ctx.set(pick(answer.headers, passedBack) as Record<string, string>)
  }
  return createServer(newApp().use(proxy).callback())
}

function newApp() {
  const app = new Koa()
  // Koa would log every client that hangs up or sends what is no request.
  app.silent = true
  return app.use(rejectForeignOrigin)
}
