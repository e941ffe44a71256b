import { randomBytes } from 'node:crypto'
import { chownSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { now, sleep } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import { type ProcessId, signalTo } from '../processes.ts'
import { addressesOfLoopback } from './addresses.ts'
import { startApi } from './api-child.ts'
import { keepLog } from './api-log.ts'
import type { Target } from './target.ts'

const usualMain = join(import.meta.dirname, '..', '..', '..', 'api', 'src', 'main.ts')

export type EmbeddedOptions = {
  folder: string
  main?: string
  settings?: Record<string, string>
  /** Called with every process that is started, so that somebody else could end it. */
  started: (id: ProcessId) => void
}

/** Starts the API on a database in this folder and on free ports. */
export async function openEmbedded(options: EmbeddedOptions): Promise<Target> {
  const { folder, main = usualMain, settings = {}, started } = options
  const user = { username: 'demo', password: randomSecret(18) }
  const other = { username: 'other', password: randomSecret(18) }
  // A folder of its own: started as root, the API gives it to the user it becomes.
  mkdirSync(join(folder, 'data'), { mode: 0o700, recursive: true })
  const database = join(folder, 'data', 'notes.db')
  const usersFile = join(folder, 'users')
  function writeUsers(users: { username: string; password: string }[]): void {
    const lines = users.map(({ username, password }) => `${username}:${password}\n`)
    writeFileSync(`${usersFile}.tmp`, lines.join(''), { mode: 0o600 })
    // It is read again when root's rights are given up.
    const { uid, gid } = statSync(join(folder, 'data'))
    if (process.getuid?.() === 0) chownSync(`${usersFile}.tmp`, uid, gid)
    renameSync(`${usersFile}.tmp`, usersFile)
  }
  writeUsers([user, other])
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
    DATABASE_PATH: database,
    JWT_SECRET: randomSecret(48),
    LAB_USERS_FILE: usersFile,
    // No limit: the lab logs in for all its clients, from one address.
    LOGIN_ATTEMPTS_PER_MINUTE: '0',
    LOG_LEVEL: 'info',
    ...settings,
  }
  const log = keepLog()
  let child = await startApi({ main, folder, env, log, started })
  // Clients know these ports: after a crash it is found where it was.
  env.PORT = String(child.port)
  env.METRICS_PORT = String(child.metricsPort)

  let crashing = false
  const { promise: ended, resolve } = Promise.withResolvers<string>()
  const watch = () => child.ended.then((how) => crashing || resolve(`The API ended by itself, ${how}.`))
  watch()

  async function crash(downMs: number, signal: AbortSignal): Promise<number> {
    crashing = true
    const at = now()
    signalTo(child.id, 'SIGKILL')
    await child.ended
    await sleep(at + downMs - now(), signal)
    try {
      child = await startApi({ main, folder, env, log, started })
      crashing = false
      watch()
    } catch (error) {
      resolve(`After kill -9: ${reasonOf(error)}`)
    }
    return at
  }

  const url = `http://127.0.0.1:${child.port}`
  return {
    mode: 'embedded',
    url,
    metricsUrl: `http://127.0.0.1:${child.metricsPort}`,
    database,
    ...user,
    other,
    async changeOther(password) {
      if (password) other.password = password
      writeUsers(password ? [user, other] : [user])
      signalTo(child.id, 'SIGUSR2')
    },
    addresses: addressesOfLoopback(url),
    jwtSecret: env.JWT_SECRET,
    journalMode: settings.JOURNAL_MODE === 'wal' ? 'wal' : 'delete',
    log,
    ended,
    crash,
    async stop() {
      await child.stop()
      // Only now the last lines of its log have been read.
      await child.ended
    },
  }
}

function randomSecret(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}
