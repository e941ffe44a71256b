import BetterSqlite from 'better-sqlite3'
import type { Logger } from 'pino'
import { ConfigError } from '../config.ts'
import { type Operation, type Reason, watchDatabase } from './database.ts'
import type { Connection, Settings } from './sqlite-file.ts'
import { inspect, openFile, preparePath, reasonOf, refuseForeign } from './sqlite-file.ts'

/**
 * Keeps a file open: each check tries to read and to write, and opens the file again when it can be used again. Only a write
 * finds a full disk, or a reader that blocks commits. Throws ConfigError if the file is not this program's, or can never be
 * used.
 */
export async function keepOpen(path: string, settings: Settings, log: Logger) {
  const { state, change, schedule, start, stop } = watchDatabase(log, check)
  let connection: Connection | undefined // undefined while the file cannot be used at all

  async function check(isStart: boolean) {
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
  }

  /** Records that a use of the connection has failed. */
  function failed(operation: Operation, reason: Reason) {
    const { reads, writes } = state()
    // Only at the first failure: with a busy timeout a read waits for the lock again.
    const readable = operation === 'write' && (writes ? canRead(connection) : reads)
    update(reason, readable)
    if (writes) schedule() // later failures would put the check off
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
    stop()
    replace(undefined)
  }

  await preparePath(path)
  await start()
  return { state, connection: () => connection, failed, close }
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
