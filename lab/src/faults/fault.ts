import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { reasonOf, UserError } from '../errors.ts'
import type { FaultRecord } from './record.ts'

/** The API's process, where the lab has started it. `kill` returns the moment (clock.ts) of the signal. */
type ApiProcess = {
  kill: () => Promise<number>
  start: () => Promise<void>
  /** Ends it in order and starts it with these settings changed. */
  restart: (settings: Record<string, string>) => Promise<void>
}

/** A PostgreSQL server that the lab has started. `immediate` is a crash. Starting one that runs does nothing. */
type OwnServer = { stop: (mode: 'immediate') => Promise<unknown>; start: () => Promise<void> }

/** What a fault acts on. `ownServer` and `api`: where the lab has started them. */
export type Victim = {
  /** The database file, as the lab can reach it; with PostgreSQL only the place of the record. */
  database: string
  /** The URL of the PostgreSQL server. */
  server?: string
  ownServer?: OwnServer
  api?: ApiProcess
}

/** The database file before anything is done to it; mode holds all twelve bits. */
type DatabaseFile = { path: string; mode: number; inode: string; uid: number }

/** What becomes of a fault: begun and over, felt by a request from outside, noticed by /health, and served again. */
export type FaultMoment = 'begun' | 'felt' | 'noticed' | 'over' | 'back'

/** One fault and its words. Everything that the rollback needs stands in the record. */
export type Fault = {
  /** The databases on which it works. */
  engines: ('SQLite' | 'PostgreSQL')[]
  /** It needs an API of the lab's own: for its process, its server or a small disk. Elsewhere the page says why, and names a command. */
  needs?: { own: 'process' | 'server' | 'disk'; why: string; command: string }
  /** Only writes get 503, or the API's process is gone and nothing is answered. Without it: every data request gets 503. */
  stops?: 'writes' | 'process'
  /** The data request that feels it. */
  feltBy: 'read' | 'write'
  /** Its button on the live page, and what that does. */
  button: [name: string, says: string]
  /** What the page's story says when it begins and when it is over. */
  story: [began: string, over: string]
  /** What the page's picture shows of the database meanwhile, where something is wrong with it. */
  picture?: [state: 'locked' | 'closed' | 'gone' | 'read-only', why: string]

  /** Throws a UserError when the fault cannot be injected or could not be rolled back exactly. Changes nothing. */
  check?(file: DatabaseFile): void
  /** Injects it. Returns the moment (clock.ts) from which it is in force. */
  inject(victim: Victim, record: FaultRecord): Promise<number>
  /** Whether it is in force now; without it only the lab can have ended it. */
  holds?(victim: Victim, record: FaultRecord): boolean
  /** Rolls it back and returns what was done. Harmless when repeated. */
  rollback(victim: Victim, record: FaultRecord): string | Promise<string>
  /** The same at the exit of a process, where nothing can be awaited; without it `rollback` runs then too. */
  rollbackAtExit?(victim: Victim): void
  /** What it did, for the reader. */
  did(record: FaultRecord): string
  /** Where to look when it does not show. */
  hint: string
}

/** The one name of a database file: several paths may lead to its folder, and the file itself may be moved away. */
export function databasePath(path: string): string {
  const full = resolve(path)
  try {
    return join(realpathSync(dirname(full)), basename(full))
  } catch (error) {
    throw new UserError(`The folder ${dirname(full)} cannot be entered (${reasonOf(error)}).`)
  }
}

/** The file as it is; undefined when there is none. */
export function fileAt(path: string): DatabaseFile | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return undefined
  // A link could lead the chmod to any file of the machine.
  if (!stat.isFile()) throw new UserError(`${path} is not an ordinary file: name the database file itself.`)
  const mode = Number(stat.mode & 0o7777n)
  return { path, mode, inode: stat.ino.toString(), uid: Number(stat.uid) }
}

export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
