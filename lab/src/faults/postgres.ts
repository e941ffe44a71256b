// What the lab does to a PostgreSQL server, as a user with every right.
import { execFileSync } from 'node:child_process'
import pg from 'pg'
import { now } from '../clock.ts'
import { reasonOf, UserError } from '../errors.ts'
import type { Fault } from './fault.ts'

/** Runs SQL, each statement in a transaction of its own. Returns the rows of the last one. */
export async function runSql(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000, query_timeout: 10_000 })
  client.on('error', () => {}) // the connection broke: the query fails
  let rows: Record<string, unknown>[] = []
  try {
    await client.connect()
    for (const sql of statements) rows = (await client.query(sql)).rows
    return rows
  } catch (error) {
    throw new UserError(`The PostgreSQL server fails: ${reasonOf(error)}.`)
  } finally {
    await client.end().catch(() => {})
  }
}

/** Locks the API's tables. Returns the release; `lost` is called when the server ends the connection, and the lock with it. */
export async function lockTables(url: string, lost: () => void): Promise<() => Promise<void>> {
  const timeouts = { connectionTimeoutMillis: 3_000, lock_timeout: 3_000 }
  const client = new pg.Client({ connectionString: url, keepAlive: true, ...timeouts })
  client.on('error', lost)
  try {
    await client.connect()
    // Reads and writes of every request need one of these tables; so does the API's own check.
    await client.query('BEGIN; LOCK TABLE users, notes IN ACCESS EXCLUSIVE MODE')
    return () => client.end()
  } catch (error) {
    await client.end().catch(() => {})
    throw new UserError(`The tables cannot be locked (${reasonOf(error)}): does another connection hold them?`)
  }
}

/** Takes the right to log in from `notes`, the API's role, and ends its connections; gives the right back. */
export const revoke: Fault = {
  engines: ['PostgreSQL'],
  feltBy: 'read',
  button: ['Revoke the login', 'The API may not log in to its database.'],
  story: ['The API may not log in to its database (revoke)', 'The API may log in again'],
  picture: ['closed', 'no login for the API'],

  async inject({ server = '' }) {
    await runSql(
      server,
      'ALTER ROLE notes NOLOGIN',
      // Returns when they have ended, each within three seconds.
      `SELECT pg_terminate_backend(pid, 3000) FROM pg_stat_activity WHERE usename = 'notes'`,
    )
    return now()
  },

  async rollback({ server }) {
    await allowLogin(server)
    return 'the role notes may log in again'
  },

  rollbackAtExit({ server }) {
    const env = { ...process.env, DATABASE_URL: server } // it holds a password, and other users can read arguments
    execFileSync(process.execPath, [import.meta.filename], { env, stdio: 'ignore' })
  },

  did: () => 'revoke: the role notes may not log in any more, and its connections were ended.',
  hint: 'Does the API log in as another role than notes?',
}

async function allowLogin(server?: string) {
  if (!server)
    throw new UserError('The role notes still may not log in. The lab gives the right back when it starts: make up')
  await runSql(server, 'ALTER ROLE notes LOGIN')
}

// As a program this file rolls the fault back.
if (import.meta.main) await allowLogin(process.env.DATABASE_URL)
