import { accessSync, constants } from 'node:fs'
import Database from 'better-sqlite3'
import { now, sleep } from '../clock.ts'
import { reasonOf, UserError } from '../errors.ts'
import type { Fault } from './fault.ts'
import { lockTables } from './postgres.ts'

/** The release of every lock that this process holds. When it ends, whatever the reason, the system releases them. */
const held = new Map<string, () => unknown>()

/** A connection of the lab holds BEGIN EXCLUSIVE, or LOCK TABLE in PostgreSQL. */
export const lock: Fault = {
  engines: ['SQLite', 'PostgreSQL'],
  // With JOURNAL_MODE=wal reads go on.
  feltBy: 'write',
  button: ['Lock the database', 'Another process holds it.'],
  story: ['Another process locks the database (lock)', 'The lock is released'],
  picture: ['locked', 'another holds it'],

  async inject({ database, server }) {
    held.set(database, await (server ? lockTables(server, () => held.delete(database)) : lockFile(database)))
    return now()
  },

  holds: ({ database }) => held.has(database),

  async rollback({ database }) {
    const release = held.get(database)
    held.delete(database)
    await release?.()
    return release ? 'the lock is free' : 'the lock was free already'
  },

  did: ({ owner, inode }) =>
    inode === ''
      ? `lock: process ${owner.pid} holds LOCK TABLE users, notes; no other connection may read or write them.`
      : `lock: process ${owner.pid} holds BEGIN EXCLUSIVE; no other process may write or, unless in WAL mode, read.`,
  hint: 'With JOURNAL_MODE=wal a lock stops writes only: reads go on.',
}

const takenWithinMs = 3_000

/** Locks a database file, returns the release. Until then this process must not open it by `fs`: closing it would drop the lock. */
export async function lockFile(path: string): Promise<() => void> {
  const deadline = now() + takenWithinMs
  try {
    // Without the right to write, BEGIN EXCLUSIVE succeeds all the same and is only a shared lock.
    accessSync(path, constants.R_OK | constants.W_OK)
    // A wait inside SQLite would stop the whole process, which may be the one that sends the load.
    const db = new Database(path, { fileMustExist: true, timeout: 0 })
    while (!begin(db, deadline)) await sleep(1)
    return () => db.close()
  } catch (error) {
    throw new UserError(
      `The lab cannot lock ${path} (${reasonOf(error)}): may it write, and does another process hold it?`,
    )
  }
}

/** Returns whether the lock is taken. The API has it for moments: until the deadline another try may succeed. */
function begin(db: Database.Database, deadline: number): boolean {
  try {
    db.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (reasonOf(error).startsWith('SQLITE_BUSY') && now() < deadline) return false
    db.close()
    throw error
  }
}
