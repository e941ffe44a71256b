import { now, sleep } from '../clock.ts'
import { self, signalTo } from '../processes.ts'
import { Sentence } from '../sentence.ts'
import { faults } from './all.ts'
import { databasePath, type FaultKind, look, octal } from './fault.ts'
import { type FaultRecord, refuseSecond, writeRecord } from './record.ts'
import { type Undoing, undoing } from './undoing.ts'

const landsWithinMs = 5_000

export type Order = {
  database: string
  kind: FaultKind
  forMs: number
  /** The status of one authenticated data request from outside, 0 when none came. */
  probe: () => Promise<number>
  signal?: AbortSignal
}

/** A fault in force. Moments are those of clock.ts. `undo` may be called any number of times. */
export type ActiveFault = Undoing & {
  kind: FaultKind
  did: string
  injectedAt: number
  landedAt: number
  until: Date
}

/**
 * Injects a fault and returns once it has landed: a data request from outside was answered 503. It is undone after
 * `forMs`, by `undo`, and when this process exits. Throws a Sentence when nothing was touched or all is undone again.
 */
export async function inject({ database, kind, forMs, probe, signal }: Order): Promise<ActiveFault> {
  const fault = faults[kind]
  const path = databasePath(database)
  refuseSecond(path)
  const file = look(path)
  if (file === undefined) throw new Sentence(`There is no database file ${path}.`)
  fault.check(file)
  const status = await probe()
  // A service that is down already would make any fault look as if it had landed.
  if (status !== 200)
    throw new Sentence(
      `A data request is answered ${status || 'not at all'} already, before any fault: nothing was touched.`,
    )

  const until = new Date(Date.now() + forMs)
  const prepared = await fault.prepare?.(file, until)
  const record: FaultRecord = {
    schema: 1,
    kind,
    mode: octal(file.mode),
    inode: file.inode,
    keeper: self(),
    ...prepared,
    since: new Date().toISOString(),
    until: until.toISOString(),
  }
  try {
    await writeRecord(path, record)
  } catch (error) {
    if (prepared) signalTo(prepared.holder, 'SIGTERM')
    throw error
  }

  const { undo, ended } = undoing(path, record)
  const timer = setTimeout(() => undo().catch(() => {}), forMs)
  ended.finally(() => clearTimeout(timer)).catch(() => {})
  try {
    const injectedAt = await fault.inject(path, record)
    const landedAt = await landing(probe, injectedAt, signal)
    if (landedAt === undefined) {
      throw new Sentence(
        `The fault ${kind} did not land: ${landsWithinMs / 1000} s later a data request was still not answered 503. It has been undone. Is ${path} the API's database? ${fault.hint}`,
      )
    }
    return { kind, did: fault.did(record), injectedAt, landedAt, until, undo, ended }
  } catch (error) {
    await undo()
    throw error
  }
}

async function landing(probe: Order['probe'], from: number, signal?: AbortSignal): Promise<number | undefined> {
  while (now() < from + landsWithinMs) {
    if ((await probe()) === 503) return now()
    await sleep(5, signal)
  }
  return undefined
}
