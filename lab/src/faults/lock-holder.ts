// A process of its own: SQLite's locks belong to a process, and the system releases them when it ends, whatever the reason.
import { accessSync, constants } from 'node:fs'
import Database from 'better-sqlite3'
import { now } from '../clock.ts'
import { reasonOf } from '../errors.ts'

/** It says when it is ready, and when it holds the lock. */
export type HolderSays = { at: number } | { failed: string }

const [path = '', until = ''] = process.argv.slice(2)
const givesUpAfterMs = 3_000

// When the parent is killed no other process is left to end the fault.
process.on('disconnect', () => process.exit(0))
setTimeout(() => process.exit(0), Math.max(0, Date.parse(until) - Date.now()))

function say(word: HolderSays): void {
  process.send?.(word, () => 'failed' in word && process.exit(1))
}

function hold(db: Database.Database): void {
  const deadline = now() + givesUpAfterMs
  const attempt = () => {
    try {
      db.exec('BEGIN EXCLUSIVE')
      say({ at: now() })
    } catch (error) {
      const code = reasonOf(error)
      if (!code.startsWith('SQLITE_BUSY')) return say({ failed: `The lock cannot be taken: ${code}.` })
      if (now() > deadline)
        return say({
          failed: `The lock could not be taken within ${givesUpAfterMs / 1000} s: another process holds it.`,
        })
      setTimeout(attempt, 1)
    }
  }
  attempt()
}

try {
  // Without the right to write, BEGIN EXCLUSIVE succeeds all the same and is only a shared lock.
  accessSync(path, constants.R_OK | constants.W_OK)
  // Waiting inside SQLite blocks only this process, and the API gets its turns in between.
  const db = new Database(path, { fileMustExist: true, timeout: 100 })
  process.on('message', () => hold(db))
  say({ at: now() })
} catch (error) {
  say({ failed: `The lock holder may not open ${path} for reading and writing (${reasonOf(error)}).` })
}
