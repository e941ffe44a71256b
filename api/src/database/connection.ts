import { readdirSync, renameSync, rmSync, type Stats, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import Database from 'better-sqlite3'
import { DatabaseUnavailable, inspectFile } from './faults.ts'
import { migrate } from './schema.ts'

export type Connection = {
  /** What stat said of the file when it was opened. */
  opened: Stats
  /** Runs one statement and gives its rows ([] for one that gives none). */
  run(sql: string, parameters: readonly unknown[]): unknown[]
  /** Runs statements in one transaction. One that fails by a constraint is undone alone, and gives its error. */
  transaction(statements: Statement[]): (unknown[] | Error)[]
  /** BEGIN IMMEDIATE and ROLLBACK: sees locks without writing anything, about 5 µs. */
  probe(): void
  /** A committed write and a real read: sees a full disk too, so recovery is proved by it. */
  heartbeat(): void
  close(): void
}
export type Settings = { journalMode: 'delete' | 'wal'; busyTimeoutMs: number }
export type Statement = { sql: string; parameters: readonly unknown[] }

// Loads the driver's native part now: once root's rights are given up, node_modules may be out of reach.
new Database(':memory:').close()

/** Opens the database, or makes it first. Throws SqliteError, DatabaseUnavailable or a system error. */
export function openConnection(path: string, { journalMode, busyTimeoutMs }: Settings, make: boolean): Connection {
  if (make) create(path)
  const fault = inspectFile(path)
  if (fault) throw new DatabaseUnavailable(fault)

  // A busy timeout blocks the only JavaScript thread, and every request with it: it is 0 but for the lesson of that.
  const db = new Database(path, { fileMustExist: true, timeout: busyTimeoutMs })
  try {
    // EXTRA also syncs the folder, so that a commit outlives a power cut in rollback mode; it costs WAL nothing more.
    db.pragma('synchronous = EXTRA')
    db.pragma('foreign_keys = ON')
    if (db.pragma('user_version', { simple: true }) === 0) throw new DatabaseUnavailable('corrupt') // another program's
    migrate(db)
    // SQLite keeps the old mode, without an error, while another process has the file open.
    const mode = db.pragma(`journal_mode = ${journalMode}`, { simple: true })
    if (mode !== journalMode) throw new DatabaseUnavailable('locked')
    return connect(db, statSync(path))
  } catch (error) {
    db.close()
    throw error
  }
}

const unfinished = (path: string) => `${path}.new`

/** Whether the folder never had the database: whatever else is called notes.db… says that there was one. */
export function isFresh(path: string) {
  const ours = readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)))
  return ours.every((name) => name.startsWith(basename(unfinished(path))))
}

// A database gets its name when it is complete, so a process that is killed on the way leaves nothing half made.
function create(path: string) {
  const draft = unfinished(path)
  for (const leftover of [draft, `${draft}-journal`]) rmSync(leftover, { force: true })
  const db = new Database(draft)
  try {
    db.pragma('synchronous = EXTRA')
    migrate(db)
  } finally {
    db.close()
  }
  renameSync(draft, path)
}

function connect(db: Database.Database, opened: Stats): Connection {
  // Preparing costs more than running, and the statements of the stores are few: each is prepared once.
  const prepared = new Map<string, Database.Statement>()
  function run(sql: string, parameters: readonly unknown[]) {
    let statement = prepared.get(sql)
    if (!statement) {
      statement = db.prepare(sql)
      prepared.set(sql, statement)
    }
    if (statement.reader) return statement.all(parameters)
    statement.run(parameters)
    return []
  }

  function inTransaction<T>(work: () => T): T {
    run('BEGIN IMMEDIATE', [])
    try {
      const result = work()
      run('COMMIT', [])
      return result
    } catch (error) {
      // A COMMIT that found the file busy leaves the transaction open.
      if (db.inTransaction) run('ROLLBACK', [])
      throw error
    }
  }

  return {
    opened,
    run,
    transaction: (statements) =>
      inTransaction(() =>
        statements.map(({ sql, parameters }) => {
          try {
            return run(sql, parameters)
          } catch (error) {
            if (String((error as { code?: unknown }).code).startsWith('SQLITE_CONSTRAINT')) return error as Error
            throw error
          }
        }),
      ),
    probe() {
      run('BEGIN IMMEDIATE', [])
      run('ROLLBACK', [])
    },
    heartbeat() {
      inTransaction(() => run('UPDATE heartbeat SET beats = beats + 1', []))
      run('SELECT id FROM users LIMIT 1', [])
    },
    close: () => db.close(),
  }
}
