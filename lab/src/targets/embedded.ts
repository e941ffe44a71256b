import { randomBytes } from 'node:crypto'
import { chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { now } from '../clock.ts'
import { reasonOf, Skipped, UserError } from '../errors.ts'
import { keepLog, startApi } from './api-child.ts'
import { findPostgres, startPostgres } from './postgres-server.ts'
import type { Target } from './target.ts'
import { makeTempFolder } from './temp-folder.ts'

const defaultMain = join(import.meta.dirname, '..', '..', '..', 'api', 'src', 'main.ts')
/** On Linux the whole of 127.0.0.0/8 is this machine; elsewhere only 127.0.0.1 is. */
const loopback = Array.from({ length: 20 }, (_, i) => `127.0.0.${i + 21}`)

type Settings = Record<string, string>

/** `postgres`: a server of its own in place of the file. `processes`: so many on one database; clients take turns between them. */
export type EmbeddedOptions = { settings?: Settings; disk?: number; postgres?: boolean; processes?: number }

/** Starts an API for as long as `use` takes. Leaves nothing behind, even after kill -9. */
export async function withEmbedded<T>(options: EmbeddedOptions, use: (target: Target) => Promise<T>): Promise<T> {
  await using started = new AsyncDisposableStack()
  const { path } = started.adopt(await makeTempFolder(options.disk), ({ clear }) => clear())
  const open = async (settings: Settings) => started.adopt(await openEmbedded(path, settings), ({ stop }) => stop())
  // When its folder is gone, also after kill -9 of the lab, a PostgreSQL ends by itself within a minute.
  const postgres = options.postgres
    ? started.adopt(await startPostgres(needPostgres(), path), ({ remove }) => remove())
    : undefined
  const ofServer = postgres && { DATABASE_URL: postgres.url('notes', 'notes'), DATABASE_PATH: '' }
  const settings: Settings = { ...options.settings, ...ofServer }
  const target = await open(settings)
  const others: string[] = []
  for (let i = 1; i < (options.processes ?? 1); i++) others.push((await open(target.shared)).url)
  const result = await use({ ...target, server: postgres?.url('postgres', 'notes'), ownServer: postgres, others })
  // The log is complete when the API has ended.
  await target.stop()
  return result
}

/** The folder of PostgreSQL's programs. Throws a UserError where it is not installed. */
export function needPostgres(usualFolders?: string[]): string {
  const folder = findPostgres(usualFolders)
  if (folder) return folder
  throw new Skipped(
    "Skipped: PostgreSQL is not installed here. The stack's lab has none: install it on this machine (its server is enough), and add EMBEDDED=1.",
  )
}

/** `shared`: settings with which another API has the same users on the same database. */
type EmbeddedTarget = Target & { shared: Settings; stop: () => Promise<void> }

/** Starts the API on a database in this folder and on free ports. */
export async function openEmbedded(
  folder: string,
  settings: Settings = {},
  main = defaultMain,
): Promise<EmbeddedTarget> {
  const user = { username: 'demo', password: randomSecret(18) }
  const other = { username: 'other', password: randomSecret(18) }
  const data = join(folder, 'data')
  mkdirSync(data, { mode: 0o700, recursive: true })
  if (process.getuid?.() === 0) giveToNobody(data)
  const database = join(data, 'notes.db')
  const shared: Settings = {
    PATH: process.env.PATH ?? '',
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
    DATABASE_PATH: database,
    JWT_SECRET: randomSecret(48),
    LAB_USERS: [user, other].map(({ username, password }) => `${username}:${password}`).join(),
    // No limit: the lab logs in for all its clients, from one address.
    LOGIN_ATTEMPTS_PER_MINUTE: '0',
    LOG_LEVEL: 'info',
    ...settings,
  }
  const env = { ...shared }
  const log = keepLog()
  const start = () => startApi({ main, folder, env, log })
  let child = await start()
  // Clients know these ports: after a crash the API must listen on them again.
  env.PORT = String(child.port)
  env.METRICS_PORT = String(child.metricsPort)

  let isKilled = false
  const { promise: ended, resolve } = Promise.withResolvers<string>()
  const watch = () => child.ended.then((how) => isKilled || resolve(`The API ended by itself, ${how}.`))
  watch()

  async function startAgain() {
    // Started again already: a second API on its ports would fail.
    if (child.process.exitCode === null && child.process.signalCode === null) return
    try {
      child = await start()
    } catch (error) {
      resolve(`It could not be started again: ${reasonOf(error)}`)
      throw error
    }
    isKilled = false
    watch()
  }

  return {
    mode: 'embedded',
    url: `http://127.0.0.1:${child.port}`,
    metricsUrl: `http://127.0.0.1:${child.metricsPort}`,
    database,
    ...user,
    other,
    addresses: process.platform === 'linux' ? loopback : [],
    jwtSecret: env.JWT_SECRET,
    shared,
    journalMode: settings.JOURNAL_MODE === 'wal' ? 'wal' : 'delete',
    log,
    ended,
    api: {
      async kill() {
        isKilled = true
        const at = now()
        child.process.kill('SIGKILL')
        await child.ended
        return at
      },
      start: startAgain,
      async restart(changed) {
        isKilled = true
        await child.stop()
        Object.assign(env, changed)
        await startAgain()
      },
    },
    stop: () => child.stop(),
  }
}

/** Permissions mean nothing to root, so a lab of root starts the API as another user (run-api.ts). */
function giveToNobody(folder: string): void {
  try {
    chownSync(folder, 65534, 65534)
  } catch (error) {
    throw new UserError(
      `Started by root, the lab runs its API as the user 65534 (nobody), and that failed (${reasonOf(error)}). Start the lab as an ordinary user.`,
    )
  }
}

function randomSecret(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}
