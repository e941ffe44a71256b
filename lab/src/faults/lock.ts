import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
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
    await answer(child)
    return { holder }
  },

  async inject(_victim, record) {
    const child = holders.get(record.holder?.pid ?? -1)
    if (child === undefined) throw new UserError('The process that should hold the lock has ended.')
    const held = answer(child)
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

/** Returns the moment of the holder's next message. Throws a UserError when it fails or ends without one. */
async function answer(child: ChildProcess): Promise<number> {
  const over = new AbortController()
  const ended = once(child, 'disconnect', over).then(() => [{ failed: endedAtOnce }])
  try {
    const [said] = (await Promise.race([once(child, 'message', over), ended])) as [HolderSays]
    if ('failed' in said) throw new UserError(said.failed)
    return said.at
  } finally {
    over.abort()
  }
}
