import type { Logger } from 'pino'
import { ConfigError } from '../config.ts'
import type { Reason, State } from './database.ts'
import { type Connection, isFresh, openFile, reasonOf, type Settings } from './sqlite-file.ts'

const tickMs = 200 // an outage without traffic is noticed within this time
const retryMs = 100 // and its end within this

type Link = {
  /** Undefined while the file cannot be used at all. */
  connection?: Connection
  state(): State
  /** Reports that the connection could not be used. */
  failed(reason: Reason): void
  close(): void
}

/**
 * Keeps a file open: checks it five times per second, and opens it again when it can be used again. Logs each change once.
 * Throws ConfigError if the file is not this program's.
 */
export async function keepOpen(
  path: string,
  settings: Settings,
  log: Logger,
  inspect: (connection: Connection) => void,
): Promise<Link> {
  let state: State = { available: true, reason: null, since: new Date() }
  let mayCreate = true // until the file existed: an empty file in place of a lost one would hide the loss
  let timer: NodeJS.Timeout | undefined
  const link: Link = { state: () => state, failed, close }

  async function tick() {
    if (mayCreate) mayCreate = isFresh(path)
    link.connection ??= await openFile(path, settings, mayCreate)
    mayCreate = false
    inspect(link.connection)
    const { sqlite } = link.connection
    // Sees locks without writing anything. Recovery is proved by a committed write and a read: that sees a full disk too.
    if (state.available) return sqlite.exec('BEGIN IMMEDIATE; ROLLBACK')
    sqlite.exec('UPDATE heartbeat SET beats = beats + 1; SELECT id FROM users LIMIT 1')
    const outage_ms = Date.now() - state.since.getTime()
    state = { available: true, reason: null, since: new Date() }
    log.info({ db_unavailable: false, outage_ms }, 'database available')
  }

  async function tickAgain() {
    await tick().catch(explain)
    timer = setTimeout(tickAgain, state.available ? tickMs : retryMs)
  }

  function explain(error: unknown) {
    const reason = reasonOf(error)
    failed(reason ?? 'corrupt', reason ? undefined : error)
  }

  function failed(reason: Reason, err?: unknown) {
    // Under a lock or on a full disk the connection is sound, and what can still be done is done.
    if (reason !== 'locked' && reason !== 'full') disconnect()
    if (!state.available && state.reason === reason) return
    state = { available: false, reason, since: state.available ? new Date() : state.since }
    log.error({ db_unavailable: true, reason, err }, 'database unavailable')
  }

  function disconnect() {
    try {
      link.connection?.sqlite.close()
    } catch (error) {
      log.warn({ err: error }, 'closing the database failed')
    }
    link.connection = undefined
  }

  function close() {
    clearTimeout(timer)
    disconnect()
  }

  await tick().catch((error) => {
    if (error instanceof ConfigError) throw error
    explain(error)
  })
  timer = setTimeout(tickAgain, retryMs)
  return link
}
