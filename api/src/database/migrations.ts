import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { Engine } from './kysely.ts'

// PostgreSQL would sort ids by the rules of a language. Here they sort by their bytes, as in SQLite.
const idTypes = { sqlite: sql`TEXT`, postgres: sql`TEXT COLLATE "C"` }

// PostgreSQL runs a migration in one transaction; SQLite's file gets its name when the first one is complete.
function migrationsOf(engine: Engine): Record<string, Migration> {
  const id = idTypes[engine]
  return {
    '1_tables': {
      async up(db) {
        await sql`CREATE TABLE users (
          id ${id} PRIMARY KEY, name TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL, tokens_valid_from BIGINT NOT NULL
        )`.execute(db)
        await sql`CREATE TABLE notes (
          id ${id} NOT NULL, user_id ${id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
          title TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
          PRIMARY KEY (user_id, id)
        )`.execute(db)
        await sql`CREATE TABLE sessions (
          token_hash ${id} PRIMARY KEY, user_id ${id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
          issued_at BIGINT NOT NULL, expires_at BIGINT NOT NULL
        )`.execute(db)
        await sql`CREATE INDEX sessions_of_user ON sessions (user_id, expires_at)`.execute(db)
        await sql`CREATE TABLE heartbeat (id INTEGER PRIMARY KEY CHECK (id = 1), beats BIGINT NOT NULL)`.execute(db)
        await sql`INSERT INTO heartbeat VALUES (1, 0)`.execute(db)
        // Used with SQLite only: processes that share a database would mix their rows.
        await sql`CREATE TABLE metrics_events (
          time TEXT NOT NULL, route_class TEXT NOT NULL, requests INTEGER NOT NULL, errors INTEGER NOT NULL,
          p50_ms REAL NOT NULL, p95_ms REAL NOT NULL, PRIMARY KEY (time, route_class)
        )`.execute(db)
        // Used with PostgreSQL only: one process of SQLite counts in its memory.
        await sql`CREATE TABLE login_attempts (key TEXT PRIMARY KEY, points INTEGER NOT NULL, expire BIGINT)`.execute(
          db,
        )
      },
    },
  }
}

/** Brings the tables up to date. Throws the driver's error, or an Error for a schema of another version of this program. */
export async function migrate(db: Kysely<unknown>, engine: Engine) {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrationsOf(engine) } })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
}
