import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { now } from '../clock.ts'
import { reasonOf, UserError } from '../errors.ts'
import { identify, isRunning, signalTo } from '../processes.ts'
import type { Fault } from './fault.ts'

/** The holder says when it is ready, and when it holds the lock. */
type HolderSays = { at: number } | { failed: string }

const holders = new Map<number, ChildProcess>()
const endedAtOnce = 'The process that should hold the lock ended at once. Is better-sqlite3 installed? npm ci'

/** A process of its own holds BEGIN EXCLUSIVE, or LOCK TABLE in PostgreSQL; ending that process releases the lock. */
export const lock: Fault = {
  engines: ['SQLite', 'PostgreSQL'],
  // With JOURNAL_MODE=wal reads go on.
  feltBy: 'write',
  button: ['Lock the database', 'Another process holds it.'],
  story: ['Another process locks the database (lock)', 'The lock is released'],
  picture: ['locked', 'another holds it'],

  async prepare({ database, server }, until) {
    // The owner ends the fault in time; the holder's own deadline is for an owner that hangs.
    const deadline = new Date(until.getTime() + 5_000)
    const program = server ? join(import.meta.dirname, 'lock-tables.ts') : import.meta.filename
    const child = fork(program, [deadline.toISOString(), database], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, DATABASE_URL: server }, // it holds a password, and other users can read arguments
    })
    // The record names the holder, and is written before the lock is taken.
    const holder = identify(child.pid ?? -1)
    if (holder === undefined) throw new UserError(endedAtOnce)
    holders.set(holder.pid, child)
    child.once('exit', () => holders.delete(holder.pid))
    await answer(child)
    return { holder }
  },

  async inject(_victim, record) {
    const child = holders.get(record.holder?.pid ?? -1)
    if (child === undefined) throw new UserError('The process that should hold the lock has ended.')
    const locked = answer(child)
    child.send('hold')
    return locked
  },

  holds: (_victim, record) => record.holder !== undefined && isRunning(record.holder),

  rollback(_victim, record) {
    return record.holder && signalTo(record.holder, 'SIGTERM') ? 'the lock is free' : 'the lock was free already'
  },

  did: (record) =>
    record.inode === ''
      ? `lock: process ${record.holder?.pid} holds LOCK TABLE users, notes; no other connection may read or write them.`
      : `lock: process ${record.holder?.pid} holds BEGIN EXCLUSIVE; no other process may write or, unless in WAL mode, read.`,
  hint: 'With JOURNAL_MODE=wal a lock stops writes only: reads go on.',
}

/** Returns the moment of the holder's next message. Throws a UserError when it fails or ends without one. */
async function answer(child: ChildProcess): Promise<number> {
  const over = new AbortController()
  const ended = once(child, 'disconnect', over).then(() => [{ failed: endedAtOnce }])
  try {
    const [said] = (await Promise.race([once(child, 'message', over), ended])) as [HolderSays]
    if ('failed' in said) throw new UserError(said.failed)
    return said.at
  } finally {
    over.abort()
  }
}

// As a program this file is the holder: SQLite's locks belong to a process, and the system releases them when it ends,
// whatever the reason.
const takenWithinMs = 3_000

function holdLock(until: string, path: string): void {
  // When the parent is killed no other process is left to end the fault.
  process.on('disconnect', () => process.exit(0))
  setTimeout(() => process.exit(0), Math.max(0, Date.parse(until) - Date.now()))
  try {
    // Without the right to write, BEGIN EXCLUSIVE succeeds all the same and is only a shared lock.
    accessSync(path, constants.R_OK | constants.W_OK)
    // Waiting inside SQLite blocks only this process, and the API gets its turns in between.
    const db = new Database(path, { fileMustExist: true, timeout: 100 })
    process.on('message', () => take(db, now() + takenWithinMs))
    say({ at: now() })
  } catch (error) {
    say({ failed: `The lock holder may not open ${path} for reading and writing (${reasonOf(error)}).` })
  }
}

function take(db: Database.Database, deadline: number): void {
  try {
    db.exec('BEGIN EXCLUSIVE')
    say({ at: now() })
  } catch (error) {
    if (reasonOf(error).startsWith('SQLITE_BUSY') && now() < deadline) setTimeout(() => take(db, deadline), 1)
    else say({ failed: `The lock cannot be taken (${reasonOf(error)}): does another process hold it?` })
  }
}

export function say(word: HolderSays): void {
  process.send?.(word, () => 'failed' in word && process.exit(1))
}

if (import.meta.main) holdLock(String(process.argv[2]), String(process.argv[3]))
