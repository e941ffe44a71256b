import * as fs from 'node:fs'
import { basename, dirname } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { type Config, ConfigError } from '../config.ts'
import { DatabaseUnavailable, type Operation, type Reason } from './database.ts'
import { migrate } from './migrations.ts'

export type Settings = Pick<Config, 'JOURNAL_MODE' | 'BUSY_TIMEOUT_MS' | 'GROUP_COMMIT'>
/** `opened` is what stat returned then; `statements` are prepared ones by their SQL. */
export type Connection = {
  path: string
  folder: string
  sqlite: BetterSqlite.Database
  opened: fs.Stats
  statements: Map<string, BetterSqlite.Statement>
}

const applicationId = 0x6e6f7465 // in the header of our files: "note" in ASCII
const minimumSize = 512 // of a database: one page

/**
 * At the start of the program: creates the file where there never was one, and its folder, but not the folder around it.
 * Throws ConfigError for a path that can never be a database. Later an outage is no reason to create anything: an empty file
 * in place of a lost one would hide the loss.
 */
export async function preparePath(path: string) {
  const folder = dirname(path)
  try {
    const found = fs.statSync(path, { throwIfNoEntry: false })
    if (found && found.size < minimumSize) throw foreign(path, 'is too short to be a database')
    if (found) return
    if (!fs.existsSync(folder)) fs.mkdirSync(folder)
    // Other files named like it, such as a journal, mean that there was one.
    const names = fs.readdirSync(folder).filter((name) => name.startsWith(basename(path)))
    if (names.every((name) => name.startsWith(`${basename(path)}.new`))) await create(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (!code) throw error
    throw new ConfigError([
      `DATABASE_PATH: ${path} cannot be used (${code}): make room, or choose another, in a folder that this user may write`,
    ])
  }
}

/** Opens the database. Throws ConfigError, DatabaseUnavailable, SqliteError or a system error. */
export async function openFile(path: string, settings: Settings): Promise<Connection> {
  // A busy timeout blocks the only JavaScript thread and every request with it, so it is 0 except in experiments.
  const sqlite = new BetterSqlite(path, { fileMustExist: true, timeout: settings.BUSY_TIMEOUT_MS })
  try {
    await prepare(sqlite)
    // SQLite keeps the old mode, without an error, while another process has the file open.
    const mode = sqlite.pragma(`journal_mode = ${settings.JOURNAL_MODE}`, { simple: true })
    if (mode !== settings.JOURNAL_MODE) throw new DatabaseUnavailable('locked')
    return { path, folder: dirname(path), sqlite, opened: fs.statSync(path), statements: new Map() }
  } catch (error) {
    sqlite.close()
    throw error
  }
}

// The database gets its name when it is complete, so a process that is killed here leaves nothing half made.
async function create(path: string) {
  const draft = `${path}.new`
  for (const leftover of [draft, `${draft}-journal`]) fs.rmSync(leftover, { force: true })
  const sqlite = new BetterSqlite(draft)
  try {
    sqlite.pragma(`application_id = ${applicationId}`)
    await prepare(sqlite)
  } finally {
    sqlite.close()
  }
  fs.renameSync(draft, path)
}

async function prepare(sqlite: BetterSqlite.Database) {
  // EXTRA also syncs the folder, so a commit survives a power cut in rollback mode. It costs WAL nothing more.
  sqlite.pragma('synchronous = EXTRA')
  sqlite.pragma('foreign_keys = ON')
  await migrate(new Kysely({ dialect: new SqliteDialect({ database: sqlite }) }), 'sqlite').catch((error: unknown) => {
    throw reasonOf(error) ? error : foreign(sqlite.name, 'was made by another version of this program')
  })
}

const foreign = (path: string, what: string) =>
  new ConfigError([`DATABASE_PATH: ${path} ${what}. Its content was not changed; choose another path`])

/**
 * Throws ConfigError for a file that is not this program's, before SQLite opens it: that could roll back a journal. While
 * SQLite has the file open in this process, it must not be called: closing a file ends the locks that SQLite has on it.
 */
export function refuseForeign(path: string) {
  const found = fs.statSync(path)
  if (!found.isFile()) throw foreign(path, 'is not a file') // to open a pipe would wait for its writer
  if (found.size < minimumSize) throw new DatabaseUnavailable('truncated')
  const header = Buffer.alloc(100)
  const file = fs.openSync(path, 'r')
  try {
    fs.readSync(file, header, 0, 100, 0)
  } finally {
    fs.closeSync(file)
  }
  const isOurs = header.toString('latin1', 0, 16) === 'SQLite format 3\0' && header.readUInt32BE(68) === applicationId
  if (!isOurs) throw foreign(path, 'is not a database of this program')
}

/**
 * An open SQLite connection never notices chmod or a rename: permissions are checked at open(2) only. Throws
 * DatabaseUnavailable or a system error. It takes about 3 µs before a read; asynchronous calls take ten times that.
 */
export function inspect({ path, folder, opened }: Connection, operation: Operation) {
  const { R_OK, W_OK, X_OK } = fs.constants
  const now = fs.statSync(path)
  if (now.ino !== opened.ino || now.dev !== opened.dev) throw new DatabaseUnavailable('replaced')
  if (now.size < minimumSize) throw new DatabaseUnavailable('truncated')
  fs.accessSync(path, R_OK)
  if (operation === 'read') return
  try {
    fs.accessSync(path, W_OK)
    fs.accessSync(folder, W_OK | X_OK)
  } catch {
    throw new DatabaseUnavailable('readonly')
  }
}

const reasonsByCode: [RegExp, Reason][] = [
  [/^SQLITE_(BUSY|LOCKED)/, 'locked'],
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, 'full'],
  [/^SQLITE_READONLY_DBMOVED/, 'replaced'],
  [/^(SQLITE_READONLY|EROFS)/, 'readonly'],
  [/^(SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM)/, 'permission'],
  [/^(ENOENT|ENOTDIR|ELOOP|ENAMETOOLONG)/, 'missing'],
  [/^SQLITE_CANTOPEN/, 'cannot_open'],
  [/^SQLITE_(CORRUPT|NOTADB)/, 'corrupt'],
  [/^SQLITE_(IOERR|PROTOCOL|NOLFS|NOMEM)/, 'io_error'],
]

/** The reason behind an SQLite or file system error; undefined for an error of the program, such as wrong SQL. */
export function reasonOf(error: unknown): Reason | undefined {
  if (error instanceof DatabaseUnavailable) return error.reason
  const { code, syscall } = error as { code?: unknown; syscall?: unknown }
  const known = reasonsByCode.find(([pattern]) => pattern.test(String(code)))?.[1]
  return known ?? (syscall ? 'io_error' : undefined)
}

/** Whether the commit may have been made: deleting the journal commits, and then the sync of the folder may fail. */
export const isInDoubt = (error: unknown) => /^SQLITE_IOERR/.test(String((error as { code?: unknown }).code))
