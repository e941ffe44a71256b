import {
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteQueryCompiler,
} from 'kysely'
import type { Db } from './database.ts'

const compilers = { sqlite: SqliteQueryCompiler, postgres: PostgresQueryCompiler }
export type Engine = keyof typeof compilers

/** Kysely in the dialect of this engine; each query goes to `executeQuery`. */
export function createKysely(engine: Engine, executeQuery: DatabaseConnection['executeQuery']): Db {
  const connection: DatabaseConnection = { executeQuery, streamQuery: rejectTransaction }
  class Driver extends DummyDriver {
    override acquireConnection = async () => connection
    override beginTransaction = rejectTransaction
  }
  return new Kysely({
    dialect: {
      // SQLite's own adapter would give its one connection to one query at a time. Then no two writes could share a commit.
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new Driver(),
      createIntrospector: (db) => new PostgresIntrospector(db), // not used
      createQueryCompiler: () => new compilers[engine](),
    },
  })
}

// In SQLite, queries of other requests would become part of a transaction that stays open while JavaScript waits.
function rejectTransaction(): never {
  throw new Error('one statement is one transaction here')
}
