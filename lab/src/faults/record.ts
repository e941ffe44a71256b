import { linkSync, lstatSync, readFileSync, rmSync } from 'node:fs'
import { open, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { reasonOf, UserError } from '../errors.ts'
import type { ProcessId } from '../processes.ts'
import { allKinds, type FaultKind } from './all.ts'

/** The file beside the database while a fault is active: enough to roll it back after a kill -9. */
export type FaultRecord = {
  schema: 1
  kind: FaultKind
  /** The original permission bits, four octal digits. */
  mode: string
  inode: string
  owner: ProcessId
  since: string
  until: string
}

export function recordPath(database: string): string {
  return `${database}.fault.json`
}

/** Writes the record durably, never over another record. Throws a UserError when it cannot. */
export async function writeRecord(database: string, record: FaultRecord): Promise<void> {
  const path = recordPath(database)
  const draft = `${path}.${process.pid}.tmp`
  try {
    await writeFile(draft, `${JSON.stringify(record, null, 2)}\n`, { flag: 'wx', flush: true })
    // A link appears at once and complete, and fails when the name is taken: of two processes only one succeeds.
    linkSync(draft, path)
    await using folder = await open(dirname(path), 'r')
    await folder.sync()
  } catch (error) {
    refuseSecond(database)
    throw new UserError(
      `The record ${path} cannot be written (${reasonOf(error)}), so nothing was touched: without a record the fault could not be rolled back after a crash. Make room in the folder, or become its owner.`,
    )
  } finally {
    // What made the write fail (a folder without write permission) also prevented the draft.
    await rm(draft, { force: true }).catch(() => {})
  }
}

/** Throws a UserError when a fault is on record for this database. */
export function refuseSecond(database: string): void {
  const record = readRecord(database)
  if (record === undefined) return
  const { kind, until, owner } = record
  throw new UserError(
    `A fault is active on this database already (${kind}, until ${until}, kept by process ${owner.pid}). Roll it back first: recover --database ${database}`,
  )
}

/** The record beside a database; undefined when there is none. Throws a UserError when it cannot be read. */
export function readRecord(database: string): FaultRecord | undefined {
  const path = recordPath(database)
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  try {
    if (!stat.isFile()) throw new Error('not an ordinary file')
    const record = JSON.parse(readFileSync(path, 'utf8')) as FaultRecord
    const whole = record.schema === 1 && allKinds.includes(record.kind) && /^[0-7]{4}$/.test(record.mode)
    if (!whole || typeof record.inode !== 'string' || !Number.isInteger(record.owner?.pid))
      throw new Error('incomplete')
    return record
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return undefined
    throw new UserError(
      `${path} cannot be read as a fault's record (${reasonOf(error)}). Look at it, repair the database by hand, then remove it.`,
    )
  }
}

export function removeRecord(database: string): void {
  rmSync(recordPath(database), { force: true })
}
