import type { Attempt } from '../attacks/attack.ts'
import type { Result } from '../load/open-loop.ts'
import type { Slo } from '../slo.ts'
import type { PlayedFault, Run } from './run.ts'

/** What is looked at to judge one phase, or the whole run. Moments are those of clock.ts. */
export type Selection = {
  run: Run
  slo: Slo
  from: number
  to: number
  /** The faults that were planned to begin in it. */
  faults: PlayedFault[]
  /** The results that are judged: all that were due in it or, where a fault took the database away, those due meanwhile. */
  data: Result[]
  logins: Result[]
  dropped: number
  attempts: Attempt[]
}

/** The selection of a phase by its name, of the whole run without one; undefined when the phase was never reached. */
export function select(run: Run, slo: Slo, phase?: string): Selection | undefined {
  const judged = run.phases.filter(({ plan }) => (phase === undefined ? !plan.warmUp : plan.name === phase))
  const [first, last] = [judged[0], judged.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const [from, to] = [first.start, last.end]
  const faults = run.faults.filter(({ plan }) => isWithin(plan.at, first.from_s, last.to_s))
  const windows = phase === undefined ? [] : faults.filter(takesDatabase).map(inForce)
  const due = run.results.filter((one) => isWithin(one.due, from, to) && !isUnderWayAt(run.faults, one))
  const results = windows.length === 0 ? due : windows.flatMap((window) => metBy(run, window, slo))
  return {
    run,
    slo,
    from,
    to,
    faults,
    data: results.filter(({ kind }) => kind !== 'login'),
    logins: results.filter(({ kind }) => kind === 'login'),
    dropped: run.dropped.filter((moment) => isWithin(moment, from, to)).length,
    attempts: run.attacks
      .filter((attack) => phase === undefined || attack.phase === phase)
      .flatMap(({ attempts }) => attempts),
  }
}

export function isWithin(moment: number, from: number, to: number): boolean {
  return moment >= from && moment < to
}

function takesDatabase({ plan }: PlayedFault): boolean {
  return plan.kind !== 'crash'
}

/** What is under way while a fault is injected may be answered either way, and belongs to neither side. */
function isUnderWayAt(faults: PlayedFault[], { due, done }: Result): boolean {
  return faults.some(({ injectedAt }) => isWithin(injectedAt, due, done))
}

type Window = { from: number; to: number }

/** From the first refusal on, or the injection where nobody was refused, until it was undone. */
export function inForce({ injectedAt, landedAt, undone }: PlayedFault): Window {
  return { from: landedAt ?? injectedAt, to: undone.at }
}

function metBy({ results }: Run, { from, to }: Window, { outage }: Slo): Result[] {
  // What is under way while the fault is undone may be answered either way, but only for as long as a refusal may take.
  return results.filter(
    (one) => isWithin(one.due, from, to) && (one.done <= to || one.due < to - outage.refusal_p99_ms),
  )
}
