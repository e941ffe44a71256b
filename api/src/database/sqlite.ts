import type { CompiledQuery, QueryResult } from 'kysely'
import type { Logger } from 'pino'
import { type Database, DatabaseUnavailable, type Operation } from './database.ts'
import { createKysely } from './kysely.ts'
import { databaseMetrics } from './metrics.ts'
import { keepOpen } from './sqlite-check.ts'
import { type Connection, inspect, isInDoubt, reasonOf, type Settings } from './sqlite-file.ts'

type Write = { query: CompiledQuery; resolve(rows: unknown[]): void; reject(error: unknown): void }

/**
 * The SQLite engine: one connection, whose file is checked before every use. It rejects at once what cannot work. Throws
 * ConfigError if the file is not this program's.
 */
export async function openSqlite(path: string, settings: Settings, log: Logger): Promise<Database> {
  const link = await keepOpen(path, settings, log)
  const metrics = databaseMetrics('sqlite', link.state)
  let waiting: Write[] = []

  async function executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const isRead = query.query.kind === 'SelectQueryNode'
    const rows = isRead ? use('read', (connection) => run(connection, query)) : await write(query)
    return { rows: rows as R[] }
  }

  /** Checks the file, then does work with the connection that needs no waiting. Throws DatabaseUnavailable. */
  function use<T>(operation: Operation, work: (connection: Connection) => T): T {
    try {
      const connection = link.connection()
      if (!connection) throw new DatabaseUnavailable(link.state().reason ?? 'cannot_open')
      inspect(connection, operation)
      return work(connection)
    } catch (error) {
      const reason = reasonOf(error)
      if (!reason) throw error
      link.failed(operation, reason)
      const inDoubt = operation === 'write' && isInDoubt(error)
      throw new DatabaseUnavailable(reason, link.state().reads ? 'readOnly' : 'unavailable', inDoubt)
    }
  }

  // Group commit: all writes of one turn of the event loop share a transaction and its fsync.
  const schedule = settings.GROUP_COMMIT === 'on' ? setImmediate : (work: () => void) => work()
  function write(query: CompiledQuery): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      if (waiting.push({ query, resolve, reject }) === 1) schedule(commit)
    })
  }

  function commit() {
    const batch = waiting
    waiting = []
    if (batch.length === 0) return // close() has committed them
    try {
      const runAll = (open: Connection) => batch.map((write) => runWrite(open, write))
      const answers = use('write', (open) => open.sqlite.transaction(runAll).immediate(open))
      metrics.committed(batch.length)
      for (const answer of answers) answer()
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return {
    db: createKysely('sqlite', metrics.timed(executeQuery)),
    state: link.state,
    close() {
      commit()
      link.close()
    },
  }
}

/**
 * Returns what answers the request after the commit. SQLite undoes a statement that violates a constraint and keeps the
 * transaction, so the other writes of the batch go on. An error with a reason ends the batch.
 */
function runWrite(connection: Connection, { query, resolve, reject }: Write): () => void {
  try {
    const rows = run(connection, query)
    return () => resolve(rows)
  } catch (error) {
    if (reasonOf(error)) throw error
    return () => reject(error)
  }
}

// Preparing a statement costs more than running it, and the stores have few of them.
function run({ sqlite, statements }: Connection, { sql, parameters }: CompiledQuery): unknown[] {
  const statement = statements.get(sql) ?? sqlite.prepare(sql)
  statements.set(sql, statement)
  if (statement.reader) return statement.all(parameters)
  statement.run(parameters)
  return []
}
