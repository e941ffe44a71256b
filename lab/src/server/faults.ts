import pLimit from 'p-limit'
import { Gauge } from 'prom-client'
import type { Session } from '../api-client.ts'
import { now } from '../clock.ts'
import { UserError } from '../errors.ts'
import { type FaultKind, kinds } from '../faults/all.ts'
import { databasePath, type Victim } from '../faults/fault.ts'
import type { ActiveFault } from '../faults/inject.ts'
import { readRecord } from '../faults/record.ts'
import { recover } from '../faults/rollback.ts'
import { type Begun, beginOutage, type Ended, endOutage } from '../runner/outage.ts'

export type Faults = ReturnType<typeof createFaults>

/** What became of a fault; `at`: the wall clock's moment of its injection or of its rollback. */
export type FaultEvent = { kind: FaultKind; at: number; begun?: Begun; ended?: Ended }

type FaultsOf = Victim & { session: Session; stop: AbortSignal; tell?: (event: FaultEvent) => void }

/** Holds at most one fault at a time. The metrics follow the record, so they show an experiment's faults too. */
export function createFaults({ database, server, api, session, stop, tell = () => {} }: FaultsOf) {
  new Gauge({
    name: 'lab_fault_active',
    help: '1 while this fault is in force, else 0',
    labelNames: ['kind'],
    collect() {
      const kind = active()?.kind
      for (const one of kinds) this.set({ kind: one }, one === kind ? 1 : 0)
    },
  })
  const landed = seconds('lab_fault_landed_seconds', 'From the injection to the first 503, at the last fault')
  const detected = seconds('lab_fault_detected_seconds', 'Until /health said degraded, at the last fault')
  const recovered = seconds('lab_fault_recovered_seconds', 'From the rollback to the first success, at the last fault')
  let own: ActiveFault | undefined
  // One command at a time: a recovery that comes while a fault is still landing waits until it can be rolled back in order.
  const inTurn = pLimit(1)

  function seconds(name: string, help: string) {
    const gauge = new Gauge({ name, help, labelNames: ['kind'] })
    return (kind: FaultKind, ms: number | null) =>
      ms === null ? gauge.remove({ kind }) : gauge.set({ kind }, ms / 1000)
  }

  /** The fault on record beside the database, whichever process injected it. */
  function active() {
    try {
      const record = readRecord(databasePath(database))
      if (record === undefined) return undefined
      return { kind: record.kind, since: record.since, until: record.until }
    } catch {
      return undefined // unreadable: `begin` and `end` report that
    }
  }

  /** Throws a UserError when nothing was changed. `begun` is missing when this very fault was active already. */
  async function begin(kind: FaultKind, forMs: number): Promise<{ begun?: Begun; repaired?: string }> {
    if (own?.kind === kind) return {}
    if (own)
      throw new UserError(`The ${own.kind} outage is on, and only one at a time is possible. End it: make recover`)
    const { fault, begun, repaired } = await beginOutage({ database, server, api, kind, forMs, session, signal: stop })
    own = fault
    landed(kind, begun.landed_ms)
    detected(kind, begun.degraded_ms)
    tell({ kind, at: Date.now() - (now() - fault.injectedAt), begun })
    // Its time may be over before a recovery is asked for.
    fault.ended.then(() => inTurn(() => endOwn(fault))).catch((error) => console.error(error))
    return { begun, repaired }
  }

  async function endOwn(fault: ActiveFault): Promise<Ended | undefined> {
    if (own !== fault) return undefined // ended in an earlier turn
    const at = Date.now()
    const ended = await endOutage(session, fault)
    own = undefined
    tell({ kind: fault.kind, at, ended })
    recovered(fault.kind, ended.success_ms)
    return ended
  }

  /** Rolls back the fault on record; `ended` is missing when another process had injected it. */
  async function end(): Promise<{ ended?: Ended; did?: string }> {
    return own ? { ended: await endOwn(own) } : { did: await recover(database, server) }
  }

  /** For the way out: rolls back at once and measures nothing. */
  async function undoAll() {
    const fault = own
    own = undefined
    return (await fault?.undo())?.did ?? 'no fault to roll back'
  }
  return {
    active,
    begin: (...order: Parameters<typeof begin>) => inTurn(() => begin(...order)),
    end: () => inTurn(end),
    undoAll: () => inTurn(undoAll),
  }
}
