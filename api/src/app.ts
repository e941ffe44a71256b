import Router from '@koa/router'
import type { Meter, Tracer } from '@opentelemetry/api'
import Koa from 'koa'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { Db } from './database/dialect.ts'
import type { Gate } from './database/gate.ts'
import type { Keys } from './keys.ts'
import { errors } from './middleware/errors.ts'
import { countLogins, limitLogins } from './middleware/logins.ts'
import { createGuard } from './middleware/require-user.ts'
import { signals } from './middleware/signals.ts'
import { authOperations, authRoutes, credentialsOf } from './routes/auth.ts'
import { healthOperations, healthRoutes } from './routes/health.ts'
import { noteOperations, noteRoutes } from './routes/notes.ts'
import { openapiOperations, openapiRoutes } from './routes/openapi.ts'

type Dependencies = {
  config: Readonly<Config>
  /** The keys of the moment. */
  keys: () => Keys
  gate: Gate
  db: Db
  log: Logger
  meter: Meter
  tracer: Tracer
  version: string
  draining: () => boolean
}

/**
 * The map: what a request meets, in this order. Building is not starting: nothing listens yet. `forget` is to be told
 * whose tokens were ended.
 */
export function createApp({ config, keys, gate, db, log, meter, tracer, version, draining }: Dependencies) {
  const credentials = credentialsOf(config.jwtTtl)
  const operations = [...healthOperations, ...openapiOperations, ...authOperations(credentials), ...noteOperations]
  const answers = operations.flatMap(({ method, path, body, success, refusals }) =>
    [success.status, ...(body ? [400, 408] : []), ...refusals].map((status) => ({
      method: method.toUpperCase(),
      route: path,
      status,
    })),
  )

  const router = new Router({ strict: true, sensitive: true })
  const { requireUser, forget } = createGuard({ keys, db, gate, meter })
  noteRoutes(router, { db, requireUser })
  authRoutes(router, {
    db,
    keys,
    requireUser,
    forget,
    credentials,
    countLogins: countLogins(meter),
    limitLogins: limitLogins(config.loginAttemptsPerMinute),
  })
  healthRoutes(router, { state: gate.state, version })
  openapiRoutes(router, { operations, version })

  const app = new Koa()
  app.silent = true // Koa would print errors too, as bare text; the log line of the request has them
  app.use(signals({ log, meter, tracer, draining, answers })) // in: id, clock, span; out: log line, measurement
  app.use(errors()) // out: whatever was thrown becomes a problem+json
  app.use(router.routes()) // token check, body, handler: as each route's own line says
  return { app, forget }
}
