// The holder of the lock on a PostgreSQL server, as a program: the server releases the lock when its connection ends.
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { now } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import { say } from './lock.ts'

// Reads and writes of every request need one of these tables; so does the API's own check.
const lock = 'BEGIN; LOCK TABLE users, notes IN ACCESS EXCLUSIVE MODE'

process.on('disconnect', () => process.exit(0))
delay(Math.max(0, Date.parse(String(process.argv[2])) - Date.now())).then(() => process.exit(0))
const client = new pg.Client({
  connectionString: process.env.DATABASE_URL,
  connectionTimeoutMillis: 3_000,
  lock_timeout: 3_000,
  keepAlive: true,
})
client.on('error', () => process.exit(1)) // the server has ended the connection, and the lock with it
process.on('message', async () => {
  try {
    await client.query(lock)
    say({ at: now() })
  } catch (error) {
    say({ failed: `The tables cannot be locked (${reasonOf(error)}): does another connection hold them?` })
  }
})
try {
  await client.connect()
  say({ at: now() })
} catch (error) {
  say({ failed: `The lab cannot connect to the PostgreSQL server (${reasonOf(error)}).` })
}
