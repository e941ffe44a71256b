import pg from 'pg'
import { reasonOf, UserError } from './errors.ts'

/** Runs SQL on a PostgreSQL server, each statement in a transaction of its own. Returns the rows of the last one. */
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
