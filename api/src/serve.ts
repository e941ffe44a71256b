import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseEnv } from 'node:util'
import pLimit from 'p-limit'
import pkg from '../package.json' with { type: 'json' }
import { createApp } from './app.ts'
import { ConfigError, loadConfig } from './config.ts'
import { createDb } from './database/dialect.ts'
import { DatabaseUnavailable } from './database/faults.ts'
import { openGate } from './database/gate.ts'
import { createDoor } from './door.ts'
import { makeKeys } from './keys.ts'
import { prepareFolder } from './privileges.ts'
import { createApiServer, drain, listen } from './server.ts'
import { settleUsers } from './stores/users.ts'
import { measureEventLoop } from './telemetry/event-loop.ts'
import { createLogger } from './telemetry/logger.ts'
import { createMetricsPage } from './telemetry/metrics-page.ts'
import { startTelemetry } from './telemetry/sdk.ts'

const oneAtATime = pLimit(1)

/** Reads the environment, opens the database, listens, and ends in order when it is told to. Throws ConfigError. */
export async function serve() {
  const given = { ...process.env }
  const config = loadConfig(Object.assign(process.env, settings(given)))
  const databasePath = resolve(config.databasePath)
  prepareFolder(databasePath)

  const { log, close: closeLog } = createLogger(config.logLevel)
  const { meter, tracer, exporter } = startTelemetry()
  measureEventLoop(meter)
  const door = createDoor()
  const gate = openGate(databasePath, config, log, meter, door.whenNobodyWaits)
  const db = createDb(gate, meter)

  let draining = false
  let keys = makeKeys(config.jwtSecrets)
  let users = config.users
  let again: NodeJS.Timeout | undefined
  const { app, forget } = createApp({
    config,
    keys: () => keys,
    gate,
    db,
    log,
    meter,
    tracer,
    version: pkg.version,
    draining: () => draining,
  })
  const server = createApiServer(app.callback(), log, meter, door.cameIn)
  const metricsPage = createMetricsPage(exporter)

  let ending = false
  async function end(code: number) {
    if (ending) return
    ending = true
    gate.close()
    await Promise.race([closeLog(), sleep(300)])
    process.exit(code)
  }
  process.on('uncaughtException', (error) => {
    if (ending) return
    log.fatal({ err: error }, 'unexpected exception')
    end(1)
  })
  async function stop(signal: string) {
    if (draining) return
    draining = true
    log.info({ signal }, 'draining')
    await drain(server)
    log.info('stopped')
    await end(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // Secrets and users are changed without a restart. Not on SIGHUP, which a terminal sends when it is closed.
  process.on('SIGUSR2', () => {
    try {
      const { jwtSecrets, users: listed } = loadConfig(settings(given))
      keys = makeKeys(jwtSecrets)
      users = listed
      log.info({ accepted: keys.length, users: users.length }, 'secrets read again')
      settle()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      log.error({ faults: error.faults }, 'secrets not changed')
    }
  })

  // Started in an outage, the API serves what it can at once and makes its users when the database comes back.
  await settle()
  const port = await listen(server, config.host, config.port, 'PORT')
  const metrics_port = await listen(metricsPage, config.host, config.metricsPort, 'METRICS_PORT')
  log.info({ host: config.host, port, metrics_port, version: pkg.version, pid: process.pid }, 'listening')

  // Whoever's turn it is takes the newest list, so an older one that was held up by an outage never comes after it.
  function settle() {
    return oneAtATime(async () => {
      try {
        const { created, changed, removed } = await settleUsers(db, users, forget)
        if (created + changed + removed > 0) log.info({ created, changed, removed }, 'users changed')
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error
        clearTimeout(again)
        again = setTimeout(settle, 200)
      }
    })
  }
}

/** Settings may stand in a file here; what the environment says goes before it. Throws ConfigError. */
function settings(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  try {
    return existsSync('.env') ? { ...parseEnv(readFileSync('.env', 'utf8')), ...given } : given
  } catch (error) {
    throw new ConfigError([`.env cannot be read (${(error as Error).message}): it must be a file of NAME=value lines`])
  }
}
