import type { Attempt } from '../attacks/attack.ts'
import { figures, isSuccess, type Result } from '../load/figures.ts'
import { number } from '../report/html.ts'
import type { Slo } from '../slo.ts'
import type { PlayedFault, Run } from './run.ts'

/** The part of a run by which one phase, or the whole run, is judged. Moments are those of clock.ts. */
export type Selection = {
  run: Run
  slo: Slo
  from: number
  to: number
  /** Its length; where a fault took the database away, the time for which it did. */
  seconds: number
  /** The faults that were planned to begin in it. */
  faults: PlayedFault[]
  /** The data requests that were due in it or, where a fault took the database away, meanwhile. */
  data: Result[]
  /** Those of them whose status counts: a success that arrived after the rollback is no success during the fault. */
  settled: Result[]
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
  // A crash leaves the database alone.
  const windows = phase === undefined ? [] : faults.filter(({ plan }) => plan.kind !== 'crash').map(inForce)
  const due = run.results.filter((one) => isWithin(one.due, from, to) && !isUnderWayAt(run.faults, one))
  const results = windows.length === 0 ? due : windows.flatMap((window) => metBy(run, window, slo))
  const data = results.filter(({ kind }) => kind !== 'login')
  const ranges = windows.length === 0 ? [{ from, to }] : windows
  const isLate = ({ due, done }: Result) => windows.some(({ from, to }) => isWithin(due, from, to) && done > to)
  return {
    run,
    slo,
    from,
    to,
    seconds: ranges.reduce((sum, range) => sum + range.to - range.from, 0) / 1000,
    faults,
    data,
    settled: data.filter((one) => !isSuccess(one) || !isLate(one)),
    logins: results.filter(({ kind }) => kind === 'login'),
    dropped: run.dropped.filter((moment) => ranges.some((range) => isWithin(moment, range.from, range.to))).length,
    attempts: run.attacks
      .filter((attack) => phase === undefined || attack.phase === phase)
      .flatMap(({ attempts }) => attempts),
  }
}

/** The figures of a selection's data requests; `rate`: requests due per second. */
export function figuresOf({ data, dropped, seconds }: Selection) {
  const found = figures(data, dropped)
  return { ...found, rate: seconds > 0 ? found.due / seconds : 0 }
}

export function isWithin(moment: number, from: number, to: number): boolean {
  return moment >= from && moment < to
}

/** A request under way while a fault is injected may be answered either way, and belongs to neither side. */
function isUnderWayAt(faults: PlayedFault[], { due, done }: Result): boolean {
  return faults.some(({ injectedAt }) => isWithin(injectedAt, due, done))
}

type Window = { from: number; to: number }

const soonMs = 1_000

/**
 * From the first refusal on until the rollback. From the injection on when no request was refused soon after it: then the
 * requests in between show what the fault did, such as waiting for a lock.
 */
export function inForce({ injectedAt, landedAt, undone }: PlayedFault): Window {
  const isSoon = landedAt !== undefined && landedAt - injectedAt <= soonMs
  return { from: isSoon ? landedAt : injectedAt, to: undone.at }
}

function metBy({ results }: Run, { from, to }: Window, { outage }: Slo): Result[] {
  // A request under way at the rollback may be answered either way, but only for as long as a refusal may take.
  return results.filter(
    (one) => isWithin(one.due, from, to) && (one.done <= to || one.due < to - outage.refusal_p99_ms),
  )
}

/** What is measured of a selection: a value in `unit`, undefined when there is none, and words for the reader. */
export type Measured = { value?: number; words?: string }

export type Measure = {
  title: string
  /** In the plural; empty for a number without a unit. */
  unit: string
  of: (selection: Selection) => Measured
  /** A larger value is better; without it a smaller one is. */
  better?: 'more'
  /** Of a latency: whose, and which quantile. */
  latency?: { requests: (selection: Selection) => Result[]; quantile: number }
  /** It follows from the statuses of answers: no machine is busy enough to make a wrong one (judge.ts). */
  ofAnswers?: true
}

export function share(part: number, all: number): Measured {
  return all === 0 ? { words: 'no request' } : { value: (100 * part) / all, words: `${part} of ${all}` }
}

export function largest(values: number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b))
}

/** A number without needless digits, its unit, and the words beside it. */
export function inWords({ value, words }: Measured, unit: string): string {
  if (value === undefined) return words ?? 'never'
  const digits = ['ms', 's', 'MB'].includes(unit) ? number(value) : String(Math.round(value * 100) / 100)
  return `${digits} ${unit}`.trimEnd() + (words === undefined ? '' : ` (${words})`)
}
