import {
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Db } from './database.ts'

class Adapter extends SqliteAdapter {
  // Kysely would give SQLite's one connection to one query at a time. Then no two writes could share a commit.
  override get supportsMultipleConnections() {
    return true
  }
}

const dialects = {
  sqlite: { Adapter, Introspector: SqliteIntrospector, QueryCompiler: SqliteQueryCompiler },
  postgres: { Adapter: PostgresAdapter, Introspector: PostgresIntrospector, QueryCompiler: PostgresQueryCompiler },
}
export type Engine = keyof typeof dialects

/** Kysely in the dialect of this engine; each query goes to `executeQuery`. */
export function createKysely(engine: Engine, executeQuery: DatabaseConnection['executeQuery']): Db {
  const { Adapter, Introspector, QueryCompiler } = dialects[engine]
  const connection: DatabaseConnection = { executeQuery, streamQuery: rejectTransaction }
  class Driver extends DummyDriver {
    override acquireConnection = async () => connection
    override beginTransaction = rejectTransaction
  }
  return new Kysely({
    dialect: {
      createAdapter: () => new Adapter(),
      createDriver: () => new Driver(),
      createIntrospector: (db) => new Introspector(db),
      createQueryCompiler: () => new QueryCompiler(),
    },
  })
}

// In SQLite, queries of other requests would become part of a transaction that stays open while JavaScript waits.
function rejectTransaction(): never {
  throw new Error('one statement is one transaction here')
}
