import type Database from 'better-sqlite3'

export type Tables = {
  users: {
    id: string
    name: string
    /** Empty when the user was removed. */
    password_hash: string
    /** Tokens issued before this second (since 1970) are refused. */
    tokens_valid_from: number
  }
  notes: {
    id: string
    user_id: string
    title: string
    body: string
    /** ISO 8601, UTC, milliseconds. */
    created_at: string
    updated_at: string
  }
}

// One entry per schema version; PRAGMA user_version counts those that ran. Entries are only ever added.
const migrations = [
  `CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL) STRICT;
   CREATE TABLE notes (
     id TEXT NOT NULL,
     user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
     title TEXT NOT NULL,
     body TEXT NOT NULL,
     created_at TEXT NOT NULL,
     updated_at TEXT NOT NULL,
     PRIMARY KEY (user_id, id)
   ) STRICT;
   CREATE TABLE heartbeat (id INTEGER PRIMARY KEY CHECK (id = 1), beats INTEGER NOT NULL) STRICT;
   INSERT INTO heartbeat VALUES (1, 0);`,
  `ALTER TABLE users ADD COLUMN tokens_valid_from INTEGER NOT NULL DEFAULT 0;`,
]

/** Brings the tables of an older version up to date. Throws an error for a version that is not known here. */
export function migrate(connection: Database.Database) {
  const version = connection.pragma('user_version', { simple: true }) as number
  if (version > migrations.length) {
    throw new Error(`the database has schema version ${version}; this program knows ${migrations.length}`)
  }
  for (let next = version; next < migrations.length; next++) {
    connection.exec(`BEGIN IMMEDIATE; ${migrations[next]} PRAGMA user_version = ${next + 1}; COMMIT;`)
  }
}
