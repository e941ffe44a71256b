import { accessSync, constants, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Why the database cannot be used. These are the values of the label `reason` everywhere. */
export const reasons = [
  'permission', // the process may not read and write the file or its folder
  'missing', // there is no file under the database's name
  'replaced', // another file has taken the name
  'truncated', // the file is too short to be a database
  'locked', // another process holds a lock
  'full', // the file system has no room for a write
  'readonly', // the file system or the file takes no writes
  'io_error', // the operating system failed a read or a write
  'cannot_open', // SQLite could not open the file
  'corrupt', // what is in the file is not this program's database
] as const
export type Reason = (typeof reasons)[number]

/** Thrown by every use of the database while it cannot be used; the errors middleware answers 503. */
export class DatabaseUnavailable extends Error {
  readonly reason: Reason
  constructor(reason: Reason) {
    super(`database unavailable: ${reason}`)
    this.reason = reason
  }
}

const byCode: [RegExp, Reason][] = [
  [/^SQLITE_(BUSY|LOCKED)/, 'locked'],
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, 'full'],
  [/^SQLITE_READONLY_DBMOVED/, 'replaced'],
  [/^(SQLITE_READONLY|EROFS)/, 'readonly'],
  [/^(SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM)/, 'permission'],
  [/^(ENOENT|ENOTDIR|ELOOP)/, 'missing'],
  [/^SQLITE_CANTOPEN/, 'cannot_open'],
  [/^SQLITE_(CORRUPT|NOTADB)/, 'corrupt'],
  [/^(SQLITE_(IOERR|PROTOCOL|NOLFS)|EIO|EMFILE|ENFILE|ENOMEM)/, 'io_error'],
]

/** The reason behind an SQLite or file system error, undefined when the error is no fault of the infrastructure. */
export function reasonOf(error: unknown): Reason | undefined {
  if (error instanceof DatabaseUnavailable) return error.reason
  const code = String((error as { code?: unknown }).code)
  return byCode.find(([pattern]) => pattern.test(code))?.[1]
}

/**
 * Asks the file system whether the database can still be used: an open SQLite connection never notices chmod or a
 * rename, because permissions are checked at open(2) only. Costs about 4 µs; the asynchronous calls cost 10 times that.
 * `opened` is what stat said when the connection was opened.
 */
export function inspectFile(path: string, opened?: Stats): Reason | undefined {
  try {
    const now = statSync(path)
    if (opened && (now.ino !== opened.ino || now.dev !== opened.dev)) return 'replaced'
    if (now.size < 512) return 'truncated'
    accessSync(path, constants.R_OK | constants.W_OK)
    accessSync(dirname(path), constants.R_OK | constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return reasonOf(error) ?? 'io_error'
  }
}
