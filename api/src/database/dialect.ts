import type { Meter } from '@opentelemetry/api'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Gate } from './gate.ts'
import type { Tables } from './schema.ts'

export type Db = Kysely<Tables>

const operations = {
  SelectQueryNode: 'SELECT',
  InsertQueryNode: 'INSERT',
  UpdateQueryNode: 'UPDATE',
  DeleteQueryNode: 'DELETE',
}

/** Kysely on the gate: a SELECT runs at once, everything else waits for the group commit. */
export function createDb(gate: Gate, meter: Meter): Db {
  const duration = meter.createHistogram('db.client.operation.duration', {
    unit: 's',
    description: 'Successful database operations, waiting for the group commit included',
    advice: {
      explicitBucketBoundaries: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5],
    },
  })
  const attributes = Object.fromEntries(
    Object.entries(operations).map(([kind, name]) => [kind, { 'db.operation.name': name }]),
  )
  // NaN opens a series without counting anything: a panel shows 0 instead of "No data".
  for (const attribute of Object.values(attributes)) duration.record(Number.NaN, attribute)

  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const start = performance.now()
      const rows = query.query.kind === 'SelectQueryNode' ? gate.read(query) : await gate.write(query)
      duration.record((performance.now() - start) / 1000, attributes[query.query.kind])
      return { rows: rows as R[] }
    },
    streamQuery: refuse,
  }
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => connection,
    releaseConnection: async () => {},
    destroy: async () => {},
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
  }
  const dialect: Dialect = {
    createAdapter: () => new GateAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
  return new Kysely<Tables>({ dialect })
}

// Kysely would hand SQLite's one connection to one query at a time; then no two writes could share a commit, and reads
// would wait behind them. The gate keeps order by itself.
class GateAdapter extends SqliteAdapter {
  override get supportsMultipleConnections() {
    return true
  }
}

// Reads of other requests would fall into a transaction that stays open while JavaScript waits.
function refuse(): never {
  throw new Error('one statement is one transaction here: the group commit owns BEGIN and COMMIT')
}
