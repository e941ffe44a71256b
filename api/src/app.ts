import Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { Database } from './database/database.ts'
import { authentication } from './middleware/authentication.ts'
import { errors } from './middleware/errors.ts'
import { readJson } from './middleware/input.ts'
import { loadShedding } from './middleware/load-shedding.ts'
import { sessions } from './middleware/sessions.ts'
import { signals } from './middleware/signals.ts'
import { signedTokens } from './middleware/signed-tokens.ts'
import { authRoutes } from './routes/auth.ts'
import { healthRoute } from './routes/health.ts'
import { noteRoutes } from './routes/notes.ts'
import { openapiRoute, type Route } from './routes/openapi.ts'
import { loginWaitMs } from './stores/passwords.ts'
import type { RecordEvent } from './telemetry/metrics-events.ts'

type Dependencies = {
  config: Config
  database: Database
  log: Logger
  version: string
  draining: () => boolean
  /** How long the requests of this turn of the event loop have waited, in milliseconds. */
  eventLoopDelay: () => number
  /** Keeps what a request met; undefined with METRICS_EVENTS=off. */
  recordEvent?: RecordEvent | undefined
}

/** The map: what a request meets, in this order. Building is not starting: nothing listens yet. */
export function createApp(dependencies: Dependencies): Koa {
  const { config, database, log, version, draining, eventLoopDelay, recordEvent } = dependencies
  const { db, state } = database
  const waits = { event_loop: eventLoopDelay, login_queue: loginWaitMs }
  const shedBy = loadShedding(config.SHED_AFTER_MS, waits)
  const tokens = authentication(config.AUTH === 'session' ? sessions(db, config.LAB_USERS) : signedTokens(db, config))
  const routes = [
    healthRoute(state, version),
    ...authRoutes({ db, config, tokens, shed: shedBy('login_queue') }),
    ...noteRoutes(db),
  ]
  routes.push(openapiRoute(routes, version))

  const app = new Koa()
  app.silent = true // Koa would print errors too, as bare text; the log line of the request has them
  app.use(signals({ log, draining, routes, recordEvent })) // in: id, clock, span; out: log line, measurement
  app.use(errors()) // out: an error becomes a problem+json
  app.use(createRouter(routes, tokens.requireUser, shedBy('event_loop')).routes())
  return app
}

/** What a request of each route meets: load shedding, the token check, the body, the handler. */
export function createRouter(routes: Route[], requireUser: Middleware, shed: Middleware[] = []): Router {
  const router = new Router({ strict: true, sensitive: true })
  for (const { method, path, secured, before = [], body, bodyLimit, handle } of routes) {
    const shedLoad = secured || body ? shed : [] // never /health: in an overload it is needed most
    const user = secured ? [requireUser] : []
    const json = body ? [readJson(bodyLimit)] : []
    router[method](path, ...before, ...shedLoad, ...user, ...json, handle)
  }
  return router
}
