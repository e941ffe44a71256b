import { now } from '../clock.ts'
import { UserError } from '../errors.ts'
import { gone, isRunning, signalTo } from '../processes.ts'
import { faults } from './all.ts'
import { databasePath, type Victim } from './fault.ts'
import { type FaultRecord, readRecord, removeRecord } from './record.ts'

/** `at`: when the rollback began; `intact`: whether the fault was in force until then; `did`: what was done. */
export type RollbackResult = { at: number; intact: boolean; did: string }

export type Rollback = {
  /** Rolls back once, however often it is called; another call after a failure tries again. */
  undo: () => Promise<RollbackResult>
  /** Settles when the fault has been rolled back by any caller; rejects with a UserError when that failed. */
  ended: Promise<RollbackResult>
}

/** Prepares the rollback of one fault. It also runs when this process exits. */
export function prepareRollback(victim: Victim, record: FaultRecord): Rollback {
  const { database } = victim
  const fault = faults[record.kind]
  const { promise: ended, resolve, reject } = Promise.withResolvers<RollbackResult>()
  // A failure is for the caller that waits for it; no caller has to.
  ended.catch(() => {})
  let running: Promise<RollbackResult> | undefined

  const atExit = () => {
    try {
      // Without a record another process has rolled it back already.
      if (readRecord(database) === undefined) return
      // A process that exits starts no API any more.
      if (fault.rollbackAtExit) fault.rollbackAtExit(victim)
      else fault.rollback({ database }, record)
      removeRecord(database)
    } catch (error) {
      console.error(error instanceof UserError ? error.message : error)
    }
  }
  process.once('exit', atExit)

  async function run(): Promise<RollbackResult> {
    const intact = fault.holds?.(victim, record) ?? true
    const at = now()
    const did = await fault.rollback(victim, record)
    removeRecord(database)
    process.off('exit', atExit)
    return { at, intact, did }
  }

  function undo(): Promise<RollbackResult> {
    running ??= run().catch((error) => {
      running = undefined
      throw error
    })
    running.then(resolve, reject)
    return running
  }
  return { undo, ended }
}

/**
 * Rolls back the fault that a killed process left on this database. Returns what was done, undefined when there was
 * nothing. A fault whose owner runs is left alone. Throws a UserError, and keeps the record, when the rollback fails.
 */
export async function recoverLeftovers(database: string, server?: string): Promise<string | undefined> {
  const path = databasePath(database)
  const record = readRecord(path)
  if (record === undefined || isRunning(record.owner)) return undefined
  const did = await faults[record.kind].rollback({ database: path, server }, record)
  removeRecord(path)
  return `A ${record.kind} fault of ${record.since} was left by a process that is gone: ${did}.`
}

/** Ends the fault on this database, whichever process keeps it. Returns what was done, undefined when there was nothing. */
export async function recover(database: string, server?: string): Promise<string | undefined> {
  const path = databasePath(database)
  const record = readRecord(path)
  if (record && isRunning(record.owner)) {
    const { kind, since, owner } = record
    signalTo(owner, 'SIGTERM')
    // The owner rolls back first and may then have other work to end: the record is what counts.
    for (const deadline = now() + 10_000; readRecord(path) && !(await gone(owner, 20)); ) {
      if (now() > deadline)
        throw new UserError(
          `Process ${owner.pid} keeps the fault and does not end it. After kill -9 ${owner.pid}, run recover again.`,
        )
    }
    if (!readRecord(path)) return `The ${kind} fault of ${since} was ended by the process that kept it (${owner.pid}).`
  }
  return recoverLeftovers(path, server)
}
