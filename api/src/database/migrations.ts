import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { Engine } from './kysely.ts'

// What the engines spell differently.
const words = {
  sqlite: { id: sql`TEXT`, integer: sql`INTEGER`, strict: sql` STRICT` },
  // Ids sort by their bytes, as in SQLite. INTEGER would end in 2038.
  postgres: { id: sql`TEXT COLLATE "C"`, integer: sql`BIGINT`, strict: sql`` },
}

// PostgreSQL runs a migration in one transaction; SQLite's file gets its name when the first one is complete.
function migrationsOf(engine: Engine): Record<string, Migration> {
  const { id, integer, strict } = words[engine]
  return {
    '1_tables': {
      async up(db) {
        await sql`CREATE TABLE users (
          id ${id} PRIMARY KEY, name TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL,
          tokens_valid_from ${integer} NOT NULL
        )${strict}`.execute(db)
        await sql`CREATE TABLE notes (
          id ${id} NOT NULL, user_id ${id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
          title TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
          PRIMARY KEY (user_id, id)
        )${strict}`.execute(db)
        await sql`CREATE TABLE sessions (
          token_hash ${id} PRIMARY KEY, user_id ${id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
          issued_at ${integer} NOT NULL, expires_at ${integer} NOT NULL
        )${strict}`.execute(db)
        await sql`CREATE INDEX sessions_of_user ON sessions (user_id, expires_at)`.execute(db)
        await sql`CREATE TABLE heartbeat (
          id INTEGER PRIMARY KEY CHECK (id = 1), beats ${integer} NOT NULL
        )${strict}`.execute(db)
        await sql`INSERT INTO heartbeat VALUES (1, 0)`.execute(db)
        await onlyOf[engine].execute(db)
      },
    },
  }
}

const onlyOf = {
  // Not in PostgreSQL: processes that share a database would mix their rows.
  sqlite: sql`CREATE TABLE metrics_events (
    time TEXT NOT NULL, route_class TEXT NOT NULL, requests INTEGER NOT NULL, errors INTEGER NOT NULL,
    p50_ms REAL NOT NULL, p95_ms REAL NOT NULL, PRIMARY KEY (time, route_class)
  ) STRICT`,
  // One process of SQLite counts in its memory.
  postgres: sql`CREATE TABLE login_attempts (key TEXT PRIMARY KEY, points INTEGER NOT NULL, expire BIGINT)`,
}

/** Brings the tables up to date. Throws the driver's error, or an Error for a schema of another version of this program. */
export async function migrate(db: Kysely<unknown>, engine: Engine) {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrationsOf(engine) } })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
}
