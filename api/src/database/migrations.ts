import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'

// Kysely runs SQLite's migrations without a transaction, so each of them can be repeated after a crash. That also
// adopts the files of versions that counted their schema in PRAGMA user_version.
const migrations: Record<string, Migration> = {
  '1_users_and_notes': {
    async up(db) {
      await sql`CREATE TABLE IF NOT EXISTS users (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL
      ) STRICT`.execute(db)
      await sql`CREATE TABLE IF NOT EXISTS notes (
        id TEXT NOT NULL, user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        title TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
        PRIMARY KEY (user_id, id)
      ) STRICT`.execute(db)
      await sql`CREATE TABLE IF NOT EXISTS heartbeat (
        id INTEGER PRIMARY KEY CHECK (id = 1), beats INTEGER NOT NULL
      ) STRICT`.execute(db)
      await sql`INSERT INTO heartbeat VALUES (1, 0) ON CONFLICT DO NOTHING`.execute(db)
    },
  },
  '2_tokens_valid_from': {
    async up(db) {
      const users = (await db.introspection.getTables()).find(({ name }) => name === 'users')
      if (users?.columns.some(({ name }) => name === 'tokens_valid_from')) return
      await sql`ALTER TABLE users ADD COLUMN tokens_valid_from INTEGER NOT NULL DEFAULT 0`.execute(db)
    },
  },
}

/** Brings the tables up to date. Throws the driver's error, or an Error for a schema that is newer than this program. */
export async function migrate(db: Kysely<unknown>) {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
}
