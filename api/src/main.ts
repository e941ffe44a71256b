// The edge of the process. It is started with --max-semi-space-size=4, because a young generation that grows with the load
// costs 20 MiB and saves little time, and with --max-old-space-size=96, because the heap would outgrow its container.
import { resolve } from 'node:path'
import { metrics } from '@opentelemetry/api'
import pkg from '../package.json' with { type: 'json' }
import { createApp } from './app.ts'
import { ConfigError, loadConfig, readSettings, settingNames } from './config.ts'
import { DatabaseUnavailable } from './database/database.ts'
import { openPostgres } from './database/postgres.ts'
import { openSqlite } from './database/sqlite.ts'
import { createApiServer, drain, listen } from './server.ts'
import { syncUsers } from './stores/users.ts'
import { measureEventLoop } from './telemetry/event-loop.ts'
import { createLogger } from './telemetry/logger.ts'
import { keepEvents } from './telemetry/metrics-events.ts'
import { createMetricsPage } from './telemetry/metrics-page.ts'
import { startTelemetry } from './telemetry/sdk.ts'

/** Runs the API until a signal ends it. Ends the process with code 1 when it cannot start. */
export async function start() {
  try {
    await main()
  } catch (error) {
    // A person can correct a ConfigError; any other error is one of the program and shows its stack.
    console.error(error instanceof ConfigError ? error.message : error)
    process.exit(1)
  }
}

async function main() {
  if (process.getuid?.() === 0) {
    throw new ConfigError(['The API does not run as root, for whom no permission counts: start it as another user'])
  }
  const env = readSettings('.env', process.env)
  const settings_from_environment = settingNames.filter((name) => process.env[name] && process.env[name] === env[name])
  const config = loadConfig(Object.assign(process.env, env)) // OTEL_* may be in .env too
  process.umask(0o077) // no other user may read the password hashes and notes

  const { log, dropped, close: closeLog } = createLogger(config.LOG_LEVEL)
  const { version } = pkg
  const { exporter, close: closeTelemetry } = startTelemetry(log, version)
  const eventLoopDelay = measureEventLoop()
  const description = 'Log lines for which there was no room'
  const lost = metrics.getMeter('api').createObservableCounter('log.lines.dropped', { description })
  lost.addCallback((counter) => counter.observe(dropped()))
  const database = config.DATABASE_URL
    ? await openPostgres(config.DATABASE_URL, config, log)
    : await openSqlite(resolve(config.DATABASE_PATH), config, log)
  const events = keepEvents(config.METRICS_EVENTS, database.db)
  const phase = { draining: false, ending: false }
  const draining = () => phase.draining
  const recordEvent = events?.record
  const app = createApp({ config, database, log, version, draining, eventLoopDelay, recordEvent })
  const server = createApiServer(app.callback(), log)

  async function end(code: number) {
    if (phase.ending) return
    phase.ending = true
    database.close()
    const isStuck = await closeLog()
    // A thread of Node's pool waits in write(2) for a reader, and exit() would wait for that thread.
    if (isStuck) process.kill(process.pid, 'SIGKILL')
    process.exit(code)
  }
  async function stop(signal: string) {
    if (phase.draining) return
    phase.draining = true
    log.info({ signal }, 'draining')
    await drain(server)
    await closeTelemetry()
    log.info('stopped')
    await end(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('uncaughtException', (error) => {
    if (!phase.ending) log.fatal({ err: error }, 'unexpected exception')
    end(1)
  })

  // Started in an outage, the API serves what it can at once and syncs its users when the database is back.
  async function applyUsers() {
    try {
      const { created, changed } = await syncUsers(database.db, config.LAB_USERS)
      if (created + changed > 0) log.info({ created, changed }, 'users changed')
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error
      setTimeout(applyUsers, 200)
    }
  }
  await applyUsers()
  const { HOST: host } = config
  const port = await listen(server, host, config.PORT, 'PORT')
  const metricsPage = createMetricsPage(exporter, log, events?.list)
  const metrics_port = await listen(metricsPage, host, config.METRICS_PORT, 'METRICS_PORT')
  log.info({ host, port, metrics_port, version, pid: process.pid, settings_from_environment }, 'listening')
}

if (import.meta.main) await start()
