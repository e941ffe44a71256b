import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { Engine } from './kysely.ts'

// What the engines spell differently. Kysely runs SQLite's migrations without a transaction, so each of them can be repeated
// after a crash; that also adopts the files of versions that counted their schema in PRAGMA user_version. PostgreSQL's run in
// one, and tables of another program must end it.
const words = {
  sqlite: { create: sql`CREATE TABLE IF NOT EXISTS`, id: sql`TEXT`, integer: sql`INTEGER`, strict: sql` STRICT` },
  // Ids sort by their bytes, as in SQLite. INTEGER would end in 2038.
  postgres: { create: sql`CREATE TABLE`, id: sql`TEXT COLLATE "C"`, integer: sql`BIGINT`, strict: sql`` },
}

function migrationsOf(engine: Engine): Record<string, Migration> {
  const { create, id, integer, strict } = words[engine]
  return {
    '1_users_and_notes': {
      async up(db) {
        await sql`${create} users (
          id ${id} PRIMARY KEY, name TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL
        )${strict}`.execute(db)
        await sql`${create} notes (
          id ${id} NOT NULL, user_id ${id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
          title TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
          PRIMARY KEY (user_id, id)
        )${strict}`.execute(db)
        await sql`${create} heartbeat (
          id INTEGER PRIMARY KEY CHECK (id = 1), beats ${integer} NOT NULL
        )${strict}`.execute(db)
        await sql`INSERT INTO heartbeat VALUES (1, 0) ON CONFLICT DO NOTHING`.execute(db)
      },
    },
    '2_tokens_valid_from': {
      async up(db) {
        const users = (await db.introspection.getTables()).find(({ name }) => name === 'users')
        if (users?.columns.some(({ name }) => name === 'tokens_valid_from')) return
        await sql`ALTER TABLE users ADD COLUMN tokens_valid_from ${integer} NOT NULL DEFAULT 0`.execute(db)
      },
    },
    '3_sessions': {
      async up(db) {
        await sql`${create} sessions (
          token_hash ${id} PRIMARY KEY, user_id ${id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
          issued_at ${integer} NOT NULL, expires_at ${integer} NOT NULL
        )${strict}`.execute(db)
        await sql`CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions (user_id, expires_at)`.execute(db)
      },
    },
    '4_metrics_events': {
      async up(db) {
        if (engine !== 'sqlite') return // processes that share a database would mix their rows
        await sql`${create} metrics_events (
          time TEXT NOT NULL, route_class TEXT NOT NULL, requests INTEGER NOT NULL, errors INTEGER NOT NULL,
          p50_ms REAL NOT NULL, p95_ms REAL NOT NULL, PRIMARY KEY (time, route_class)
        )${strict}`.execute(db)
      },
    },
    '5_login_attempts': {
      async up(db) {
        if (engine !== 'postgres') return // one process counts in its memory
        await sql`${create} login_attempts (key TEXT PRIMARY KEY, points INTEGER NOT NULL, expire BIGINT)`.execute(db)
      },
    },
  }
}

/** Brings the tables up to date. Throws the driver's error, or an Error for a schema that is newer than this program. */
export async function migrate(db: Kysely<unknown>, engine: Engine) {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrationsOf(engine) } })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
}
