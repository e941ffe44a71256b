import BetterSqlite from 'better-sqlite3'
import type { Logger } from 'pino'
import { ConfigError } from '../config.ts'
import { DatabaseUnavailable, type Operation, type Reason, trackState } from './database.ts'
import type { Connection, Settings } from './sqlite-file.ts'
import { inspect, isInDoubt, openFile, preparePath, reasonOf, refuseForeign } from './sqlite-file.ts'

// Without traffic an outage is noticed within this time. Only a write finds a full disk, or a reader that blocks commits.
const tickMs = 200
const retryMs = 100 // and its end within this

/**
 * Keeps a file open: tries to read and to write five times per second, and opens it again when it can be used again. Logs
 * each change once. Throws ConfigError if the file is not this program's, or can never be used.
 */
export async function keepOpen(path: string, settings: Settings, log: Logger) {
  const { state, change } = trackState(log)
  let isStart = true
  let timer: NodeJS.Timeout | undefined
  let connection: Connection | undefined // undefined while the file cannot be used at all

  async function tick() {
    let reads = false
    try {
      if (!connection) {
        refuseForeign(path)
        connection = await openFile(path, settings)
      }
      tryToRead(connection)
      reads = true
      inspect(connection, 'write')
      // A file that was opened while it was read-only stays so for this connection.
      if (state().reason === 'readonly') replace(await openFile(path, settings))
      // Sees locks without writing anything. Recovery is proved by a committed write: that sees a full disk too.
      connection.sqlite.exec(state().writes ? 'BEGIN IMMEDIATE; ROLLBACK' : 'UPDATE heartbeat SET beats = beats + 1')
      update(null, true)
    } catch (error) {
      if (isStart && error instanceof ConfigError) throw error
      const reason = reasonOf(error)
      // Another file under our name, or without our tables. Any other error is one of this program, which ends.
      const isForeign = error instanceof ConfigError || error instanceof BetterSqlite.SqliteError
      if (!reason && !isForeign) throw error
      update(reason ?? 'corrupt', reads, reason ? undefined : error)
    }
    isStart = false
    schedule()
  }

  function schedule() {
    clearTimeout(timer)
    timer = setTimeout(tick, state().writes ? tickMs : retryMs)
  }

  /** Checks the file, then does work with it that needs no waiting. Throws DatabaseUnavailable. */
  function use<T>(operation: Operation, work: (connection: Connection) => T): T {
    try {
      if (!connection) throw new DatabaseUnavailable(state().reason ?? 'cannot_open')
      inspect(connection, operation)
      return work(connection)
    } catch (error) {
      const reason = reasonOf(error)
      if (!reason) throw error
      const isWrite = operation === 'write'
      const { reads, writes } = state()
      // Only at the first failure: with a busy timeout a read waits for the lock again.
      const readable = isWrite && (writes ? canRead(connection) : reads)
      update(reason, readable)
      if (writes) schedule() // later failures would put the check off
      throw new DatabaseUnavailable(reason, state().reads ? 'readOnly' : 'unavailable', isWrite && isInDoubt(error))
    }
  }

  function update(reason: Reason | null, readable: boolean, err?: unknown) {
    // Under a lock, on a full disk or with a read-only file the connection is sound, and what can still be done is done.
    const isSound = reason === null || reason === 'locked' || reason === 'full' || (reason === 'readonly' && readable)
    if (!isSound) replace(undefined)
    change(reason, isSound && readable, err)
  }

  function replace(next: Connection | undefined) {
    try {
      connection?.sqlite.close()
    } catch (error) {
      log.warn({ err: error }, 'closing the database failed')
    }
    connection = next
  }

  function close() {
    clearTimeout(timer)
    replace(undefined)
  }

  await preparePath(path)
  await tick()
  return { state, use, close }
}

function tryToRead(connection: Connection) {
  inspect(connection, 'read')
  connection.sqlite.exec('SELECT id FROM users LIMIT 1')
}

function canRead(connection: Connection | undefined) {
  try {
    if (connection) tryToRead(connection)
    return connection !== undefined
  } catch {
    return false
  }
}
