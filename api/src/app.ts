import Router from '@koa/router'
import type { Meter, Tracer } from '@opentelemetry/api'
import Koa, { type Middleware } from 'koa'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { Database } from './database/database.ts'
import { authentication } from './middleware/authentication.ts'
import { errors } from './middleware/errors.ts'
import { readJson } from './middleware/input.ts'
import { countLogins, limitLogins } from './middleware/login-limit.ts'
import { signals } from './middleware/signals.ts'
import { authRoutes } from './routes/auth.ts'
import { healthRoutes } from './routes/health.ts'
import { noteRoutes } from './routes/notes.ts'
import { openapiRoute, type Route, statusesOf } from './routes/openapi.ts'

type Dependencies = {
  config: Config
  database: Database
  log: Logger
  meter: Meter
  tracer: Tracer
  version: string
  draining: () => boolean
}

/** The map: what a request meets, in this order. Building is not starting: nothing listens yet. */
export function createApp({ config, database, log, meter, tracer, version, draining }: Dependencies): Koa {
  const { db, state } = database
  const { requireUser, invalidate } = authentication({ config, db, meter })
  const routes = [
    ...healthRoutes({ state, version }),
    ...authRoutes({
      db,
      config,
      invalidate,
      countLogins: countLogins(meter),
      limitLogins: limitLogins(config.LOGIN_ATTEMPTS_PER_MINUTE),
    }),
    ...noteRoutes(db),
  ]
  routes.push(openapiRoute(routes, version))
  const answers = routes.flatMap((route) =>
    statusesOf(route).map((status) => ({ method: route.method.toUpperCase(), route: route.path, status })),
  )

  const app = new Koa()
  app.silent = true // Koa would print errors too, as bare text; the log line of the request has them
  app.use(signals({ log, meter, tracer, draining, answers })) // in: id, clock, span; out: log line, measurement
  app.use(errors()) // out: an error becomes a problem+json
  app.use(createRouter(routes, requireUser).routes())
  return app
}

/** What a request of each route meets: the token check, the body, the handler. */
export function createRouter(routes: Route[], requireUser: Middleware): Router {
  const router = new Router({ strict: true, sensitive: true })
  for (const { method, path, secured, before = [], body, bodyLimit, handle } of routes) {
    const user = secured ? [requireUser] : []
    // A body may take its time, and the token may be revoked meanwhile: it is checked before and after.
    const json = body ? [readJson(bodyLimit), ...user] : []
    router[method](path, ...before, ...user, ...json, handle)
  }
  return router
}
