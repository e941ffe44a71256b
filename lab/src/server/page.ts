import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import Router from '@koa/router'
import type { Context, Next } from 'koa'
import { UserError } from '../errors.ts'
import type { ApiLog } from '../targets/api-child.ts'
import { handle } from './acts.ts'
import { errors } from './http.ts'
import type { Live } from './live.ts'

const folder = join(import.meta.dirname, '..', 'page')
const library = (name: string) => createRequire(import.meta.url).resolve(name)
const uplot = dirname(library('uplot'))
// lit-html is one module that imports nothing, so the browser takes it as it is: no build step, and no import map, which a
// strict policy would not allow.
const files: Record<string, string> = {
  '/': join(folder, 'index.html'),
  ...Object.fromEntries(readdirSync(folder).map((name) => [`/page/${name}`, join(folder, name)])),
  '/page/lit-html.js': join(dirname(library('lit-html')), '..', 'lit-html.js'),
  '/page/uplot.js': join(uplot, 'uPlot.iife.min.js'),
  '/page/uplot.css': join(uplot, 'uPlot.min.css'),
}
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
const mostBytes = 1_000
const mostLines = 10_000

/** The live page: every user of this machine may look; acting needs the token of the link. */
export function livePage(live: Live, token: string): Router {
  const router = new Router()
  const logLine = keepLines(live.target.log)
  router.use(headers)
  for (const [path, file] of Object.entries(files))
    router.get(path, (ctx) => {
      ctx.type = file.slice(file.lastIndexOf('.'))
      ctx.body = readFileSync(file)
    })
  router.get('/events', live.events.open)
  router.get('/lessons', async (ctx) => {
    ctx.body = await live.lessons.list()
  })
  router.get('/lessons/:name', async (ctx) => {
    ctx.body = await live.lessons.view(String(ctx.params.name)).catch((error) => {
      throw error instanceof UserError ? ctx.throw(404, error.message) : error
    })
  })
  router.get('/log/:id', (ctx) => {
    const { id = '' } = ctx.params
    const command = `docker compose logs --no-log-prefix api | grep ${id}`
    ctx.body = { line: logLine(id) ?? null, command: live.target.log ? null : command }
  })
  const mayAct = async (ctx: Context, next: Next) => {
    if (!ctx.get('origin') || ctx.get('x-lab-token') !== token)
      return ctx.throw(403, 'The lab was started anew: open the link that it has just printed.')
    if (!ctx.is('json')) return ctx.throw(415, 'Send JSON.')
    if (!(Number(ctx.get('content-length')) <= mostBytes)) return ctx.throw(413, 'Send less.')
    return next()
  }
  router.post('/act', mayAct, errors, async (ctx) => {
    ctx.body = (await handle(live, await text(ctx.req))) ?? {}
  })
  return router
}

/** Returns what finds the line that the API has written about a request; only the newest are kept, and none of an API that runs elsewhere. */
function keepLines(log?: ApiLog): (id: string) => string | undefined {
  const lines: string[] = []
  if (log)
    log.heard = (line) => {
      if (lines.push(line) > 2 * mostLines) lines.splice(0, mostLines)
    }
  return (id) => lines.findLast((line) => line.includes(`"request_id":"${id}"`))
}

/** No script but this server's own, no frame around the page, and no other server learns its address. */
async function headers(ctx: Context, next: Next): Promise<void> {
  ctx.set({
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-cache',
  })
  await next()
}
