import { now } from '../clock.ts'
import { UserError } from '../errors.ts'
import { gone, signalTo } from '../processes.ts'
import { faults } from './all.ts'
import { type FaultRecord, readRecord, removeRecord } from './record.ts'

/** `at`: the moment the rollback began; `intact`: whether the fault was in force until then; `did`: what was done. */
export type RolledBack = { at: number; intact: boolean; did: string }

export type Rollback = {
  undo: () => Promise<RolledBack>
  /** Settles when the fault has been undone, by whomever; rejects with a UserError when that was not possible. */
  ended: Promise<RolledBack>
}

/** The rollback of one fault: once, on whichever way comes first, the exit of this process included. */
export function rollback(path: string, record: FaultRecord): Rollback {
  const fault = faults[record.kind]
  const { promise: ended, resolve, reject } = Promise.withResolvers<RolledBack>()
  // Whoever waits for `ended` hears of a failure; nobody has to wait.
  ended.catch(() => {})
  let running: Promise<RolledBack> | undefined

  const atExit = () => {
    try {
      // Without a record somebody else has undone it already.
      if (readRecord(path) === undefined) return
      fault.undo(path, record)
      removeRecord(path)
    } catch (error) {
      console.error(error instanceof UserError ? error.message : error)
    }
  }
  process.once('exit', atExit)

  async function run(): Promise<RolledBack> {
    const intact = fault.holds(path, record)
    const at = now()
    const did = fault.undo(path, record)
    if (record.holder && !(await gone(record.holder, 2_000))) signalTo(record.holder, 'SIGKILL')
    removeRecord(path)
    process.off('exit', atExit)
    return { at, intact, did }
  }

  function undo(): Promise<RolledBack> {
    running ??= run().catch((error) => {
      running = undefined // what stood in the way may be gone at the next try
      throw error
    })
    running.then(resolve, reject)
    return running
  }
  return { undo, ended }
}
