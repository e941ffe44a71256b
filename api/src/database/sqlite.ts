import type { Meter } from '@opentelemetry/api'
import {
  type CompiledQuery,
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Logger } from 'pino'
import { type Database, DatabaseUnavailable, type Db, type Operation } from './database.ts'
import { databaseMetrics } from './metrics.ts'
import { type Connection, inspect, reasonOf, type Settings } from './sqlite-file.ts'
import { keepOpen } from './sqlite-reopen.ts'

type Write = { query: CompiledQuery; resolve(rows: unknown[]): void; reject(error: unknown): void }

/**
 * The SQLite engine: one connection, whose file is checked before every use. It rejects at once what cannot work. Throws
 * ConfigError if the file is not this program's.
 */
export async function openSqlite(path: string, settings: Settings, log: Logger, meter: Meter): Promise<Database> {
  const link = await keepOpen(path, settings, log)
  const metrics = databaseMetrics(meter, link.state)
  let waiting: Write[] = []

  async function executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const start = performance.now()
    const isRead = query.query.kind === 'SelectQueryNode'
    const rows = isRead ? use('read', 1, (connection) => run(connection, query)) : await write(query)
    metrics.succeeded(query.query.kind, performance.now() - start)
    return { rows: rows as R[] }
  }

  /** `requests` is how many requests fail if the work cannot be done. Throws DatabaseUnavailable. */
  function use<T>(operation: Operation, requests: number, work: (connection: Connection) => T): T {
    try {
      if (!link.connection) throw new DatabaseUnavailable(link.state().reason ?? 'cannot_open')
      inspect(link.connection, operation)
      return work(link.connection)
    } catch (error) {
      const reason = reasonOf(error)
      if (!reason) throw error
      metrics.failed(requests, reason)
      link.failed(operation, reason)
      throw new DatabaseUnavailable(reason, operation === 'write' && link.state().reads)
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
      const runAll = (connection: Connection) => batch.map(({ query }) => run(connection, query))
      const results = use('write', batch.length, (open) => open.sqlite.transaction(runAll).immediate(open))
      metrics.committed(batch.length)
      for (const [i, { resolve }] of batch.entries()) resolve(results[i] ?? [])
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return {
    db: createKysely(executeQuery),
    state: link.state,
    close() {
      commit()
      link.close()
    },
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

/** Kysely in SQLite's dialect; each query goes to `executeQuery`. */
export function createKysely(executeQuery: DatabaseConnection['executeQuery']): Db {
  const connection: DatabaseConnection = { executeQuery, streamQuery: rejectTransaction }
  const acquireConnection = async () => connection
  const driver = Object.assign(new DummyDriver(), { acquireConnection, beginTransaction: rejectTransaction })
  // Kysely would give SQLite's one connection to one query at a time. Then no two writes could share a commit.
  const adapter = Object.defineProperty(new SqliteAdapter(), 'supportsMultipleConnections', { value: true })
  return new Kysely({
    dialect: {
      createAdapter: () => adapter,
      createDriver: () => driver,
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}

// Queries of other requests would become part of a transaction that stays open while JavaScript waits.
export function rejectTransaction(): never {
  throw new Error('one statement is one transaction here: the group commit owns BEGIN and COMMIT')
}
