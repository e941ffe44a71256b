import {
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Db } from './database.ts'

/** Kysely in SQLite's dialect; each query goes to `executeQuery`. */
export function createKysely(executeQuery: DatabaseConnection['executeQuery']): Db {
  const connection: DatabaseConnection = { executeQuery, streamQuery: rejectTransaction }
  class Driver extends DummyDriver {
    override acquireConnection = async () => connection
    override beginTransaction = rejectTransaction
  }
  return new Kysely({
    dialect: {
      createAdapter: () => new Adapter(),
      createDriver: () => new Driver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}

class Adapter extends SqliteAdapter {
  // Kysely would give SQLite's one connection to one query at a time. Then no two writes could share a commit.
  override get supportsMultipleConnections() {
    return true
  }
}

// Queries of other requests would become part of a transaction that stays open while JavaScript waits.
function rejectTransaction(): never {
  throw new Error('one statement is one transaction here: the group commit owns BEGIN and COMMIT')
}
