import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { identify, isRunning, signalTo } from '../processes.ts'
import type { Fault } from './fault.ts'
import type { HolderSays } from './lock-holder.ts'

const holders = new Map<number, ChildProcess>()
const endedAtOnce = 'The process that should hold the lock ended at once. Is better-sqlite3 installed? npm ci'

/** A process of its own holds BEGIN EXCLUSIVE; ending that process releases the lock. */
export const lock: Fault = {
  check() {},

  async prepare(file, until) {
    // The owner ends the fault in time; the holder's own deadline is for an owner that hangs.
    const deadline = new Date(until.getTime() + 5_000)
    const child = fork(join(import.meta.dirname, 'lock-holder.ts'), [file.path, deadline.toISOString()], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    // Identified before it holds the lock, because the record is written first.
    const holder = identify(child.pid ?? -1)
    if (holder === undefined) throw new UserError(endedAtOnce)
    holders.set(holder.pid, child)
    child.once('exit', () => holders.delete(holder.pid))
    await answer(child, 'ready')
    return { holder }
  },

  async inject(_victim, record) {
    const child = holders.get(record.holder?.pid ?? -1)
    if (child === undefined) throw new UserError('The process that should hold the lock has ended.')
    const held = answer(child, 'held')
    child.send('hold')
    return held
  },

  feltAs: 503,

  holds: (_victim, record) => record.holder !== undefined && isRunning(record.holder),

  rollback(_victim, record) {
    return record.holder && signalTo(record.holder, 'SIGTERM') ? 'the lock is free' : 'the lock was free already'
  },

  did: (record) =>
    `lock: process ${record.holder?.pid} holds BEGIN EXCLUSIVE; no other process may write or, unless in WAL mode, read.`,
  hint: 'With JOURNAL_MODE=wal a lock stops writes only: reads go on.',
}

/** Waits for a message of the holder. Throws a UserError when it fails or ends without one. */
function answer(child: ChildProcess, expected: 'ready' | 'held'): Promise<number> {
  return new Promise((resolve, reject) => {
    const ended = () => {
      child.off('message', said)
      reject(new UserError(endedAtOnce))
    }
    const said = (message: unknown) => {
      const word = message as HolderSays
      if ('failed' in word) {
        child.off('exit', ended)
        return reject(new UserError(word.failed))
      }
      if (word.state !== expected) return
      child.off('exit', ended)
      child.off('message', said)
      resolve(word.at)
    }
    child.on('message', said)
    child.once('exit', ended)
  })
}
