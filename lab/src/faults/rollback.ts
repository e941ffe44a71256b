import { now } from '../clock.ts'
import { UserError } from '../errors.ts'
import { gone, signalTo } from '../processes.ts'
import { faults } from './all.ts'
import type { Victim } from './fault.ts'
import { type FaultRecord, readRecord, removeRecord } from './record.ts'

/** `at`: when the rollback began; `intact`: whether the fault was in force until then; `did`: what was done. */
export type RolledBack = { at: number; intact: boolean; did: string }

export type Rollback = {
  /** Rolls back once, however often it is called; another call after a failure tries again. */
  undo: () => Promise<RolledBack>
  /** Settles when the fault has been rolled back by any caller; rejects with a UserError when that failed. */
  ended: Promise<RolledBack>
}

/** The rollback of one fault. It also runs when this process exits. */
export function rollback(victim: Victim, record: FaultRecord): Rollback {
  const { database } = victim
  const fault = faults[record.kind]
  const { promise: ended, resolve, reject } = Promise.withResolvers<RolledBack>()
  // A failure is for the caller that waits for it; no caller has to.
  ended.catch(() => {})
  let running: Promise<RolledBack> | undefined

  const atExit = () => {
    try {
      // Without a record another process has rolled it back already.
      if (readRecord(database) === undefined) return
      // A process that exits starts no API any more.
      fault.rollback({ database }, record)
      removeRecord(database)
    } catch (error) {
      console.error(error instanceof UserError ? error.message : error)
    }
  }
  process.once('exit', atExit)

  async function run(): Promise<RolledBack> {
    const intact = fault.holds(victim, record)
    const at = now()
    const did = await fault.rollback(victim, record)
    if (record.holder && !(await gone(record.holder, 2_000))) signalTo(record.holder, 'SIGKILL')
    removeRecord(database)
    process.off('exit', atExit)
    return { at, intact, did }
  }

  function undo(): Promise<RolledBack> {
    running ??= run().catch((error) => {
      running = undefined
      throw error
    })
    running.then(resolve, reject)
    return running
  }
  return { undo, ended }
}
