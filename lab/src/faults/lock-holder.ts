// A process of its own: SQLite's locks belong to a process, and one that dies gives them up whatever happened to it.
import { accessSync, constants } from 'node:fs'
import Database from 'better-sqlite3'
import { now } from '../clock.ts'

export type HolderSays = { state: 'ready' | 'held'; at: number } | { failed: string }

const [path = '', until = ''] = process.argv.slice(2)
const patienceMs = 3_000

// Whoever started this may be killed at any moment; nobody would be left to end the fault.
process.on('disconnect', () => process.exit(0))
setTimeout(() => process.exit(0), Math.max(0, Date.parse(until) - Date.now()))

function say(word: HolderSays): void {
  process.send?.(word)
}

function fail(sentence: string): void {
  process.send?.({ failed: sentence } satisfies HolderSays, () => process.exit(1))
}

function hold(db: Database.Database): void {
  const deadline = now() + patienceMs
  const attempt = () => {
    try {
      db.exec('BEGIN EXCLUSIVE')
      say({ state: 'held', at: now() })
    } catch (error) {
      const code = (error as { code?: string }).code ?? String(error)
      if (!code.startsWith('SQLITE_BUSY')) return fail(`The lock cannot be taken: ${code}.`)
      if (now() > deadline)
        return fail(`The lock could not be had within ${patienceMs / 1000} s: another process holds it.`)
      setTimeout(attempt, 1)
    }
  }
  attempt()
}

try {
  // Without the right to write, BEGIN EXCLUSIVE succeeds all the same and is only a shared lock.
  accessSync(path, constants.R_OK | constants.W_OK)
  // The driver may wait inside SQLite here: this process has nothing else to do, and it yields to the API in between.
  const db = new Database(path, { fileMustExist: true, timeout: 100 })
  process.on('message', () => hold(db))
  say({ state: 'ready', at: now() })
} catch (error) {
  const code = (error as { code?: string }).code ?? String(error)
  fail(`The lock holder may not open ${path} for reading and writing (${code}).`)
}
