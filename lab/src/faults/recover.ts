import { UserError } from '../errors.ts'
import { gone, isLab, isRunning, type ProcessId, signalTo } from '../processes.ts'
import { faults } from './all.ts'
import { databasePath } from './fault.ts'
import { readRecord, removeRecord, sweepDrafts } from './record.ts'

/**
 * Rolls back the fault that a killed process left on this database. Returns what was done, undefined when there was
 * nothing. A fault whose owner runs is left alone. Throws a UserError, and keeps the record, when the rollback fails.
 */
export async function recoverLeftovers(database: string): Promise<string | undefined> {
  const path = databasePath(database)
  sweepDrafts(path)
  const record = readRecord(path)
  if (record === undefined || isRunning(record.owner)) return undefined
  // The holder ends by itself when its parent is gone; the lock is free only after that.
  if (record.holder && !(await gone(record.holder, 2_000))) signalLab(record.holder, 'SIGKILL')
  const did = await faults[record.kind].rollback({ database: path }, record)
  removeRecord(path)
  return `A ${record.kind} fault of ${record.since} was left by a process that is gone: ${did}.`
}

/** Ends the fault on this database, whichever process keeps it. Returns what was done, undefined when there was nothing. */
export async function recover(database: string): Promise<string | undefined> {
  const path = databasePath(database)
  const record = readRecord(path)
  if (record && isRunning(record.owner)) {
    signalLab(record.owner, 'SIGTERM')
    // The owner rolls back first and may then have other work to end: the record is what counts.
    const deadline = Date.now() + 10_000
    while (readRecord(path) && isRunning(record.owner)) {
      if (Date.now() > deadline)
        throw new UserError(
          `Process ${record.owner.pid} keeps the fault and does not end it. After kill -9 ${record.owner.pid}, run recover again.`,
        )
      await gone(record.owner, 20)
    }
    if (!readRecord(path))
      return `The ${record.kind} fault of ${record.since} was ended by the process that kept it (${record.owner.pid}).`
  }
  return recoverLeftovers(path)
}

/** Every user with write permission for the folder can write such a record: only processes of the lab are signalled. */
function signalLab(id: ProcessId, signal: NodeJS.Signals): void {
  if (!isRunning(id)) return
  if (!isLab(id.pid))
    throw new UserError(`The record names process ${id.pid}, which is not this lab's: it was left alone.`)
  signalTo(id, signal)
}
