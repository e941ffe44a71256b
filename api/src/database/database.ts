import type { Kysely } from 'kysely'
import type { Logger } from 'pino'

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
  'timeout', // PostgreSQL did not answer in time, or all connections were in use
] as const
export type Reason = (typeof reasons)[number]

/**
 * What a client can do about it. readOnly: read. overloaded: come back; the database works, and others held the row or all
 * connections, or it was slow.
 */
export type Trouble = 'unavailable' | 'readOnly' | 'overloaded'

/** Thrown by every use of a database that cannot be used. The errors middleware answers 503. */
export class DatabaseUnavailable extends Error {
  readonly reason: Reason
  readonly trouble: Trouble
  /** Whether the change may have been made all the same: the connection broke before the answer, or SQLite's commit failed late. */
  readonly inDoubt: boolean
  constructor(reason: Reason, trouble: Trouble = 'unavailable', inDoubt = false) {
    super(`database unavailable: ${reason}`)
    this.reason = reason
    this.trouble = trouble
    this.inDoubt = inDoubt
  }
}

/**
 * Checks a database five times per second, which notices an outage without any traffic, and ten times per second during an
 * outage. `change` records what a check or a use has found, and logs it when it is new.
 */
export function watchDatabase(log: Logger, check: (isStart: boolean) => Promise<void>) {
  let state: State = { reads: true, writes: true, reason: null, since: new Date() }
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  async function run(isStart: boolean) {
    await check(isStart)
    schedule()
  }

  function schedule() {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(run, state.writes ? 200 : 100, false)
  }

  function change(reason: Reason | null, reads: boolean, err?: unknown) {
    if (stopped || (reason === state.reason && reads === state.reads)) return
    const writes = reason === null
    const { since } = state
    state = { reads, writes, reason, since: state.writes || writes ? new Date() : since }
    const outage_ms = Date.now() - since.getTime()
    if (writes) log.info({ db_unavailable: false, outage_ms }, 'database available')
    else if (reads) log.error({ db_unavailable: true, reason, err }, 'database read-only')
    else log.error({ db_unavailable: true, reason, err }, 'database unavailable')
  }

  function stop() {
    stopped = true
    clearTimeout(timer)
  }
  return { state: () => state, change, schedule, start: () => run(true), stop }
}
