import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { reasonOf, UserError } from '../errors.ts'
import type { ProcessId } from '../processes.ts'
import type { FaultRecord } from './record.ts'

/** The faults that any database may have. `fill` is for one on a small file system of its own. */
export const kinds = ['chmod', 'lock', 'move'] as const
export const allKinds = [...kinds, 'fill'] as const
export type FaultKind = (typeof allKinds)[number]

/** What is known of the database file before anything is done to it; mode holds all twelve bits. */
export type DatabaseFile = { path: string; mode: number; inode: string; uid: number; gid: number }

/** How one fault acts on the file, and how it is taken back. Everything it needs later stands in the record. */
export type Fault = {
  /** Looks only. A UserError when the fault could not be injected, or not be taken back exactly. */
  check(file: DatabaseFile): void
  /** What must run before the record is written; what it gives goes into the record. */
  prepare?(file: DatabaseFile, until: Date): Promise<{ holder: ProcessId }>
  /** Does it; gives the moment (clock.ts) from which it is in force. */
  inject(database: string, record: FaultRecord): Promise<number>
  /** Whether it is in force now. */
  holds(database: string, record: FaultRecord): boolean
  /** Takes it back. Synchronous, so that it also runs when a process is about to exit; harmless when repeated. */
  undo(database: string, record: FaultRecord): string
  /** What it did, for the reader. */
  did(record: FaultRecord): string
  /** Where to look when it does not show. */
  hint: string
}

/** The one name of a database file: its folder may be reached by many, and the file itself may be moved away. */
export function databasePath(path: string): string {
  const full = resolve(path)
  try {
    return join(realpathSync(dirname(full)), basename(full))
  } catch (error) {
    throw new UserError(`The folder ${dirname(full)} cannot be entered (${reasonOf(error)}).`)
  }
}

/** The file as it is; undefined when there is none. */
export function look(path: string): DatabaseFile | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return undefined
  // A link could lead the chmod to any file of the machine.
  if (!stat.isFile()) throw new UserError(`${path} is not an ordinary file: name the database file itself.`)
  const mode = Number(stat.mode & 0o7777n)
  return { path, mode, inode: stat.ino.toString(), uid: Number(stat.uid), gid: Number(stat.gid) }
}

export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
