// The edge of the process. It is started with --max-semi-space-size=4, because a young generation that grows with the load
// costs 20 MiB and saves little time, and with --max-old-space-size=96, because the heap would outgrow its container.
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import pkg from '../package.json' with { type: 'json' }
import { createApp } from './app.ts'
import { ConfigError, loadConfig } from './config.ts'
import { DatabaseUnavailable } from './database/database.ts'
import { openSqlite } from './database/sqlite.ts'
import { createApiServer, drain, listen } from './server.ts'
import { syncUsers } from './stores/users.ts'
import { measureEventLoop } from './telemetry/event-loop.ts'
import { createLogger } from './telemetry/logger.ts'
import { createMetricsPage } from './telemetry/metrics-page.ts'
import { startTelemetry } from './telemetry/sdk.ts'

try {
  await main()
} catch (error) {
  // A person can correct a ConfigError; any other error is one of the program and shows its stack.
  console.error(error instanceof ConfigError ? error.message : error)
  process.exit(1)
}

async function main() {
  if (process.getuid?.() === 0) {
    throw new ConfigError([
      'The API does not run as root, for whom no file permission counts: start it as another user',
    ])
  }
  const config = loadConfig(Object.assign(process.env, { ...readEnvFile(), ...process.env }))
  process.umask(0o077) // no other user may read the password hashes and notes
  const databasePath = resolve(config.DATABASE_PATH)
  makeFolder(dirname(databasePath))

  const { meter, tracer, exporter } = startTelemetry()
  const { log, close: closeLog } = createLogger(config.LOG_LEVEL, meter)
  measureEventLoop(meter)
  const database = await openSqlite(databasePath, config, log, meter)
  const phase = { draining: false, ending: false }
  const draining = () => phase.draining
  const app = createApp({ config, database, log, meter, tracer, version: pkg.version, draining })
  const server = createApiServer(app.callback(), log, meter)

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
      const { created, changed, removed } = await syncUsers(database.db, config.LAB_USERS)
      if (created + changed + removed > 0) log.info({ created, changed, removed }, 'users changed')
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error
      setTimeout(applyUsers, 200)
    }
  }
  await applyUsers()
  const { HOST } = config
  const port = await listen(server, HOST, config.PORT, 'PORT')
  const metrics_port = await listen(createMetricsPage(exporter), HOST, config.METRICS_PORT, 'METRICS_PORT')
  log.info({ host: HOST, port, metrics_port, version: pkg.version, pid: process.pid }, 'listening')
}

/** Settings may stand in a file .env in the working directory; the environment takes precedence. Throws ConfigError. */
function readEnvFile(): NodeJS.ProcessEnv {
  try {
    return existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {}
  } catch (error) {
    throw new ConfigError([`.env cannot be read (${(error as Error).message}): it must be a file of NAME=value lines`])
  }
}

/** Creates the folder if only its last part is missing. Throws ConfigError. */
function makeFolder(folder: string) {
  try {
    mkdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return
    throw new ConfigError([`DATABASE_PATH: the folder ${folder} cannot be created (${code}); create it first`])
  }
}
