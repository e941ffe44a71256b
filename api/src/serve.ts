import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseEnv } from 'node:util'
import pkg from '../package.json' with { type: 'json' }
import { createApp } from './app.ts'
import { ConfigError, loadConfig } from './config.ts'
import { createDb } from './database/dialect.ts'
import { DatabaseUnavailable } from './database/faults.ts'
import { openGate } from './database/gate.ts'
import { makeKeys } from './keys.ts'
import { prepareFolder } from './privileges.ts'
import { createApiServer, drain, listen } from './server.ts'
import { settleUsers } from './stores/users.ts'
import { measureEventLoop } from './telemetry/event-loop.ts'
import { createLogger } from './telemetry/logger.ts'
import { createMetricsPage } from './telemetry/metrics-page.ts'
import { startTelemetry } from './telemetry/sdk.ts'

/** Reads the environment, opens the database, listens, and ends in order when it is told to. Throws ConfigError. */
export async function serve() {
  const given = { ...process.env }
  const config = loadConfig(Object.assign(process.env, settings(given)))
  const databasePath = resolve(config.databasePath)
  prepareFolder(databasePath)

  const { log, close: closeLog } = createLogger(config.logLevel)
  const { meter, tracer, exporter } = startTelemetry()
  measureEventLoop(meter)
  const gate = openGate(databasePath, config, log, meter)
  const db = createDb(gate, meter)

  let draining = false
  let keys = makeKeys(config.jwtSecrets)
  const app = createApp({
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
  const server = createApiServer(app.callback(), log, meter)
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
  // Secrets are changed without a restart. Not on SIGHUP, which a terminal sends when it is closed.
  process.on('SIGUSR2', () => {
    try {
      keys = makeKeys(loadConfig(settings(given)).jwtSecrets)
      log.info({ accepted: keys.length }, 'secrets read again')
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      log.error({ faults: error.faults }, 'secrets not changed')
    }
  })

  // Started in an outage, the API serves what it can at once and makes its users when the database comes back.
  await makeUsers()
  const port = await listen(server, config.host, config.port, 'PORT')
  const metrics_port = await listen(metricsPage, config.host, config.metricsPort, 'METRICS_PORT')
  log.info({ host: config.host, port, metrics_port, version: pkg.version, pid: process.pid }, 'listening')

  async function makeUsers() {
    try {
      await settleUsers(db, config.users)
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error
      setTimeout(makeUsers, 200)
    }
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
