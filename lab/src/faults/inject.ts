import { now, sleep } from '../clock.ts'
import { UserError } from '../errors.ts'
import { self, signalTo } from '../processes.ts'
import { faults } from './all.ts'
import { databasePath, type FaultKind, look, octal } from './fault.ts'
import { type FaultRecord, refuseSecond, writeRecord } from './record.ts'
import { type Rollback, rollback } from './rollback.ts'

const landsWithinMs = 5_000

export type Order = {
  database: string
  kind: FaultKind
  forMs: number
  /** The moment (clock.ts) to inject it, when everything is prepared; without it at once. */
  at?: number
  /** The status of one authenticated data request from outside, 0 when none came. */
  probe: () => Promise<number>
  signal?: AbortSignal
}

/** A fault in force. Moments are those of clock.ts. `undo` may be called any number of times. */
export type BegunFault = Rollback & { kind: FaultKind; did: string; injectedAt: number; until: Date }
export type ActiveFault = BegunFault & { landedAt: number }

/**
 * Injects a fault, without waiting until anybody feels it. It is undone `forMs` later, by `undo`, and when this process
 * exits. Throws a UserError when nothing was touched or all is undone again.
 */
export async function begin({ database, kind, forMs, at, probe, signal }: Order): Promise<BegunFault> {
  const fault = faults[kind]
  const path = databasePath(database)
  refuseSecond(path)
  const file = look(path)
  if (file === undefined) throw new UserError(`There is no database file ${path}.`)
  fault.check(file)
  const status = await probe()
  // A service that is down already would make any fault look as if it had landed.
  if (status < 200 || status > 299)
    throw new UserError(
      `A data request is answered ${status || 'not at all'} already, before any fault: nothing was touched.`,
    )

  const wait = at === undefined ? 0 : Math.max(0, at - now())
  const until = new Date(Date.now() + wait + forMs)
  const prepared = await fault.prepare?.(file, until)
  const record: FaultRecord = {
    schema: 1,
    kind,
    mode: octal(file.mode),
    inode: file.inode,
    owner: self(),
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

  const { undo, ended } = rollback(path, record)
  const timer = setTimeout(() => undo().catch(() => {}), wait + forMs)
  ended.finally(() => clearTimeout(timer)).catch(() => {})
  try {
    // Node's timers count whole milliseconds and may fire a little early.
    while (at !== undefined && now() < at) await sleep(at - now(), signal)
    const injectedAt = await fault.inject(path, record)
    return { kind, did: fault.did(record), injectedAt, until, undo, ended }
  } catch (error) {
    await undo()
    throw error
  }
}

/**
 * Injects a fault as `begin` does and returns once it has landed: a data request from outside was answered 503. Throws a
 * UserError, with all undone again, when it does not land within five seconds.
 */
export async function inject(order: Order): Promise<ActiveFault> {
  const begun = await begin(order)
  const { kind, probe, signal } = order
  try {
    const landedAt = await landing(probe, begun.injectedAt + landsWithinMs, signal)
    if (landedAt !== undefined) return { ...begun, landedAt }
    throw new UserError(
      `The fault ${kind} did not land: ${landsWithinMs / 1000} s later a data request was still not answered 503. It has been undone. Is ${databasePath(order.database)} the API's database? ${faults[kind].hint}`,
    )
  } catch (error) {
    await begun.undo()
    throw error
  }
}

/** When a request from outside was first refused for want of a database; undefined when none was until that moment. */
export async function landing(probe: Order['probe'], until: number, signal?: AbortSignal): Promise<number | undefined> {
  while (now() < until) {
    if ((await probe()) === 503) return now()
    await sleep(5, signal)
  }
  return undefined
}
