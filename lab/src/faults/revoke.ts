import { execFileSync } from 'node:child_process'
import { now } from '../clock.ts'
import { UserError } from '../errors.ts'
import { runSql } from '../postgres.ts'
import type { Fault } from './fault.ts'

/** Takes the right to log in from `notes`, the API's role in PostgreSQL, and ends its connections; gives the right back. */
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
