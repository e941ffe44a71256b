import { setTimeout as delay } from 'node:timers/promises'
import { now, sleep } from '../clock.ts'
import { UserError } from '../errors.ts'
import { self } from '../processes.ts'
import { type FaultKind, faults, killing, kindsOn } from './all.ts'
import { databasePath, type Fault, fileAt, octal, type Victim } from './fault.ts'
import { type FaultRecord, refuseSecond, writeRecord } from './record.ts'
import { prepareRollback, type Rollback } from './rollback.ts'

const landsWithinMs = 5_000

export type Order = Victim & {
  kind: FaultKind
  forMs: number
  /** The moment (clock.ts) to inject it, when it is on record. Without it: at once. */
  at?: number
  /** The status of one authenticated read or write from outside, 0 when no answer came. */
  probe: (kind: Fault['feltBy']) => Promise<number>
  signal?: AbortSignal
}

/**
 * A fault in force. Moments are those of clock.ts. `landed` resolves with the moment at which a request from outside first
 * felt it, or with undefined when none did until it ended.
 */
export type ActiveFault = Rollback & {
  kind: FaultKind
  did: string
  injectedAt: number
  until: Date
  landed: Promise<number | undefined>
}

/**
 * Injects a fault. It is rolled back `forMs` later, by `undo`, and when this process exits. Throws a UserError when nothing
 * was touched or everything has been rolled back.
 */
export async function inject(order: Order): Promise<ActiveFault> {
  const { kind, forMs, at = 0, signal } = order
  const fault = faults[kind]
  const victim: Victim = { ...order, database: databasePath(order.database) }
  const file = await checkBefore(victim, order)

  const until = new Date(Date.now() + Math.max(0, at - now()) + forMs)
  const record: FaultRecord = {
    schema: 1,
    kind,
    mode: octal(file.mode),
    inode: file.inode,
    owner: self(),
    since: new Date().toISOString(),
    until: until.toISOString(),
  }
  await writeRecord(victim.database, record)

  const { undo, ended } = prepareRollback(victim, record)
  try {
    // Node's timers count whole milliseconds and may fire a little early.
    while (now() < at) await sleep(at - now(), signal)
    const injectedAt = await fault.inject(victim, record)
    const timer = setTimeout(() => undo().catch(() => {}), Math.max(0, until.getTime() - Date.now()))
    ended.finally(() => clearTimeout(timer)).catch(() => {})
    const landed = firstFelt(order, ended)
    // An interruption is for the caller that waits for it; no caller has to.
    landed.catch(() => {})
    return { kind, did: fault.did(record), injectedAt, until, landed, undo, ended }
  } catch (error) {
    await undo()
    throw error
  }
}

/** Injects a fault and waits until it has landed. Rolls it back and throws a UserError when that takes five seconds. */
export async function injectAndLand(order: Order): Promise<ActiveFault & { landedAt: number }> {
  const { kind, database } = order
  const fault = await inject(order)
  try {
    const landedAt = await Promise.race([fault.landed, delay(landsWithinMs, undefined, { ref: false })])
    if (landedAt !== undefined) return { ...fault, landedAt }
    throw new UserError(
      `The fault ${kind} did not land: ${landsWithinMs / 1000} s later a data request was still ${killing.has(kind) ? 'answered' : 'not answered 503'}. It has been rolled back. Is ${databasePath(database)} the API's database? ${faults[kind].hint}`,
    )
  } catch (error) {
    await fault.undo()
    throw error
  }
}

async function checkBefore(victim: Victim, { kind, probe }: Order) {
  refuseSecond(victim.database)
  const usable = kindsOn(victim)
  if (!usable.includes(kind))
    throw new UserError(
      `${kind} does not work on ${victim.server ? 'PostgreSQL' : 'SQLite'}: use ${usable.join(', ')}.`,
    )
  // A server has no file that the lab can reach: what a record says of one stays empty.
  const file = victim.server ? { path: '', mode: 0, inode: '', uid: 0 } : fileAt(victim.database)
  if (file === undefined) throw new UserError(`There is no database file ${victim.database}.`)
  const { needs, check } = faults[kind]
  if ((needs?.own === 'process' && !victim.api) || (needs?.own === 'server' && !victim.ownServer))
    throw new UserError(`${kind} needs a ${needs.own} that the lab has started: ${needs.command}`)
  check?.(file)
  let status = 0
  // One answer that is late on a busy machine is no outage.
  for (let tries = 0; status === 0 && tries < 3; tries++) status = await probe(faults[kind].feltBy)
  // A service that is down already would make any fault look as if it had landed.
  if (status < 200 || status > 299)
    throw new UserError(
      `A data request is answered ${status || 'not at all'} already, before any fault: nothing was touched.`,
    )
  return file
}

/** When a request from outside first felt the fault; undefined when none did. */
async function firstFelt({ kind, probe, signal }: Order, ended: Promise<unknown>): Promise<number | undefined> {
  let isOver = false
  const end = () => (isOver = true)
  ended.then(end, end)
  while (!isOver) {
    if ((await probe(faults[kind].feltBy)) === (killing.has(kind) ? 0 : 503)) return now()
    await sleep(5, signal)
  }
  return undefined
}
