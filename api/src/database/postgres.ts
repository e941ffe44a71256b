import { type CompiledQuery, Kysely, PostgresDialect, type QueryResult } from 'kysely'
import pg from 'pg'
import type { Logger } from 'pino'
import { type Config, ConfigError } from '../config.ts'
import { type Database, DatabaseUnavailable, type Reason, watchDatabase } from './database.ts'
import { createKysely } from './kysely.ts'
import { databaseMetrics } from './metrics.ts'
import { migrate } from './migrations.ts'

const allInUse = 'timeout exceeded when trying to connect' // the pool's error has no code
const rowLockMs = 200 // a write waits for another one of the same row, which takes a commit

pg.types.setTypeParser(pg.types.builtins.INT8, Number) // otherwise a string: not every int8 is exact as a number

/**
 * The PostgreSQL engine: a pool of connections, every wait bounded. Each check tries to read and to write on a connection of
 * its own; what that says cannot be done is refused at once, without waiting for the server. A full disk is noticed by the
 * first write. Throws ConfigError.
 */
export async function openPostgres(
  connectionString: string,
  settings: Pick<Config, 'BUSY_TIMEOUT_MS'>,
  log: Logger,
): Promise<Database> {
  const lock_timeout = settings.BUSY_TIMEOUT_MS || rowLockMs
  const options = {
    connectionString,
    connectionTimeoutMillis: 400, // for a new connection, or for one of the pool that becomes free
    lock_timeout,
    statement_timeout: lock_timeout + 300,
    query_timeout: lock_timeout + 500, // when the server or the network says nothing at all
    keepAlive: true,
  }
  const pool = new pg.Pool({ ...options, max: 10 })
  const probe = new pg.Pool({ ...options, max: 1 })
  for (const one of [pool, probe]) one.on('error', () => {}) // an idle connection broke; the next query opens another
  const { state, change, start, stop } = watchDatabase(log, check)
  const metrics = databaseMetrics('postgresql', state)
  let isMigrated = false

  async function check(isStart: boolean) {
    let reads = false
    try {
      if (!isMigrated) {
        if (await isAnothers(probe)) throw new Error('it holds the tables of another program. Name an empty database')
        await migrate(new Kysely({ dialect: new PostgresDialect({ pool: probe }) }), 'postgres')
      }
      isMigrated = true
      await probe.query('SELECT (SELECT id FROM users LIMIT 1), (SELECT id FROM notes LIMIT 1)')
      reads = true
      // Takes the locks and rights of a write, and writes nothing. Recovery is proved by a committed write.
      const write = 'UPDATE users SET id = id WHERE false; UPDATE notes SET id = id WHERE false'
      await probe.query(state().writes ? write : `${write}; UPDATE heartbeat SET beats = beats + 1`)
      change(null, true)
    } catch (error) {
      const reason = reasonOf(error)
      const { code, message } = error as pg.DatabaseError
      // Wrong TLS, password, database or schema, or no right to create tables. Others may be an outage.
      const isFinal =
        reason === undefined || tls.test(textOf(error)) || (!isMigrated && /^(28P01|3D000|42501)$/.test(code ?? ''))
      if (isStart && isFinal) throw new ConfigError([`DATABASE_URL cannot be used: ${message.replaceAll('\n', ' ')}`])
      change(reason ?? 'corrupt', reads && reason !== 'unreachable', error)
    }
  }

  async function executeQuery<R>({ query, sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const isRead = query.kind === 'SelectQueryNode'
    try {
      const { reads, writes, reason } = state()
      if (reason && !(isRead ? reads : writes)) throw new DatabaseUnavailable(reason)
      const { rows } = await pool.query(sql, [...parameters])
      return { rows }
    } catch (error) {
      if ((error as pg.DatabaseError).code === '22021') return { rows: [] } // no row has U+0000, as an id in a path may
      const reason = reasonOf(error)
      if (!reason) throw error
      const inDoubt = !isRead && isInDoubt(error)
      // While the check passes, only this request met a lock or a slow answer.
      const isAlone = state().writes && /^(locked|timeout)$/.test(reason)
      if (isAlone || (error as Error).message === allInUse) throw new DatabaseUnavailable(reason, 'overloaded', inDoubt)
      const readOnly = !isRead && state().reads && !/^(unreachable|timeout)$/.test(reason)
      throw new DatabaseUnavailable(reason, readOnly ? 'readOnly' : 'unavailable', inDoubt)
    }
  }

  await start()
  return {
    db: createKysely('postgres', metrics.timed(executeQuery)),
    state,
    close() {
      stop()
      for (const one of [pool, probe]) one.end().catch(() => {})
    },
  }
}

/** Whether the schema has tables, but none of this program. Kysely makes its own before the first migration. */
async function isAnothers(pool: pg.Pool): Promise<boolean> {
  const tables = await pool.query(
    `SELECT tablename = 'heartbeat' AS ours FROM pg_tables WHERE schemaname = current_schema() AND tablename !~ '^kysely_'`,
  )
  return tables.rows.length > 0 && !tables.rows.some(({ ours }) => ours)
}

// An error of the TLS handshake: a wrong setting at the start, an outage later.
const tls = /^(ERR_(TLS|SSL|OSSL)|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|.* SSL connection)/

const reasonsByCode: [RegExp, Reason][] = [
  [/^(55P03|40P01)/, 'locked'],
  [/^(57014|ETIMEDOUT|.*timeout)/, 'timeout'], // before the errors of a connection: some say both
  [/^(08|57P|53300|ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_|ENOENT|Connection terminated)/, 'unreachable'],
  [tls, 'unreachable'],
  [/^(28|42501|EACCES)/, 'permission'],
  [/^25006/, 'readonly'],
  [/^53100/, 'full'],
  [/^(53|58)/, 'io_error'],
  [/^3D000/, 'missing'],
  [/^(42P01|42703|XX00)/, 'corrupt'],
]

/** The reason behind an error of PostgreSQL, the network or the pool; undefined for one of the program, or a wrong setting. */
function reasonOf(error: unknown): Reason | undefined {
  if (error instanceof DatabaseUnavailable) return error.reason
  return reasonsByCode.find(([pattern]) => pattern.test(textOf(error)))?.[1]
}

// Errors of the pool and of a connection that broke have no code.
const textOf = (error: unknown) => (error as pg.DatabaseError).code ?? (error as Error).message

/** Whether a commit may have been made before the connection broke. */
const isInDoubt = (error: unknown) => /^(57P02|ECONNRESET|EPIPE|Connection terminated|Query read)/.test(textOf(error))
