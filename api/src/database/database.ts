import type { Kysely } from 'kysely'

/** A database, whichever engine is behind it. */
export type Database = {
  /** Every query rejects with DatabaseUnavailable while the database cannot be used. One query is one transaction. */
  db: Db
  /** What a check finds five times per second, and with SQLite a use that fails. Reading it touches no file. */
  state(): State
  close(): void
}
export type Db = Kysely<Tables>
/** What can be done, why not everything (null: everything can); when the outage began or, without one, the last ended. */
export type State = { reads: boolean; writes: boolean; reason: Reason | null; since: Date }
export type Operation = 'read' | 'write'

export type Tables = {
  users: {
    id: string
    name: string
    password_hash: string
    tokens_valid_from: number // tokens issued before this second (since 1970) are rejected
  }
  notes: {
    id: string
    user_id: string
    title: string
    body: string
    created_at: string // ISO 8601, UTC, milliseconds
    updated_at: string
  }
  sessions: {
    token_hash: string // SHA-256, base64url: a stolen database is no list of keys
    user_id: string
    issued_at: number // seconds since 1970, as tokens_valid_from
    expires_at: number
  }
  metrics_events: MetricsEvent
  heartbeat: { id: number; beats: number } // one row: a write to it proves that the database can be written
}

/** What the requests of one class of routes met in one second. */
export type MetricsEvent = {
  time: string // ISO 8601, the start of the second
  route_class: string
  requests: number
  errors: number // answered with 5xx
  p50_ms: number
  p95_ms: number
}

/** Why the database cannot be used. These are the values of the label `reason` everywhere. */
export const reasons = [
  'permission', // the process may not read and write the file or its folder; PostgreSQL rejects the user
  'missing', // there is no file under the database's name
  'replaced', // another file has taken the name
  'truncated', // the file is too short to be a database
  'locked', // another process, or another user of PostgreSQL, holds a lock
  'full', // the file system has no room for a write
  'readonly', // the file, its folder or the file system takes no writes
  'io_error', // the operating system failed a read or a write
  'cannot_open', // SQLite could not open the file
  'corrupt', // the content of the database is not this program's
  'unreachable', // there is no connection to PostgreSQL
  'timeout', // PostgreSQL did not answer in time, or all connections were in use (DatabaseBusy)
] as const
export type Reason = (typeof reasons)[number]

/** Thrown by every use of a database that cannot be used. The errors middleware answers 503. */
export class DatabaseUnavailable extends Error {
  readonly reason: Reason
  /** Whether reads still work. */
  readonly readOnly: boolean
  /** Whether the change may have been made all the same: the connection broke before the answer, or SQLite's commit failed late. */
  readonly inDoubt: boolean
  constructor(reason: Reason, readOnly = false, inDoubt = false) {
    super(`database unavailable: ${reason}`)
    this.reason = reason
    this.readOnly = readOnly
    this.inDoubt = inDoubt
  }
}

/** The database works, and could not serve this request in time: others hold its row or all connections, or it was slow. */
export class DatabaseBusy extends DatabaseUnavailable {
  constructor(reason: Reason, inDoubt: boolean) {
    super(reason, false, inDoubt)
  }
}
