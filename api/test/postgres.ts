import { test } from 'node:test'
import { runSql } from '../../lab/src/faults/postgres.ts'
import { findPostgres, type PostgresServer, startPostgres } from '../../lab/src/targets/postgres-server.ts'

const bin = findPostgres()

/** Why a test that needs PostgreSQL is skipped; false if it need not be. */
export const skipPostgres = bin === undefined && 'PostgreSQL is not installed'

/** Whether every API of this process of tests gets a database of PostgreSQL. */
export let onPostgres = false

/** Runs a file of tests, which were written for SQLite, on PostgreSQL. */
export async function runOnPostgres(file: string) {
  onPostgres = true
  if (skipPostgres) test(`${file} on PostgreSQL`, { skip: skipPostgres }, () => {})
  else await import(file)
}

let started: Promise<PostgresServer> | undefined
let databases = 0

/** The server of this process of tests; it is started when it is first needed. */
function server() {
  started ??= startPostgres(String(bin)).then(async (server) => {
    process.once('exit', server.remove)
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
    return server
  })
  return started
}

const asOwner = async (sql: string, database = 'postgres') => runSql((await server()).url('postgres', database), sql)

export const postgres = {
  server,
  /** Runs SQL as the superuser. */
  asOwner,
  /** Creates an empty database and returns its URL for the API. */
  async newDatabase() {
    const name = `notes_${++databases}`
    await asOwner(`CREATE DATABASE ${name} OWNER notes`)
    return (await server()).url('notes', name)
  },
  /** Ends the API's connections and allows no new ones, until the returned function is called. */
  async revoke() {
    await asOwner('ALTER ROLE notes NOLOGIN')
    await asOwner(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'notes'`)
    return async () => void (await asOwner('ALTER ROLE notes LOGIN'))
  },
}
