import type { Attempt } from '../attacks/attack.ts'
import { killing } from '../faults/all.ts'
import { besideLimit, count, figures, isSuccess, type Result } from '../load/figures.ts'
import { number } from '../report/html.ts'
import type { Slo } from '../slo.ts'
import type { PlayedFault, PlayedPhase, Run } from './run.ts'

/** The part of a run by which one phase, or the whole run, is judged. Moments are those of clock.ts. */
export type Selection = {
  run: Run
  slo: Slo
  from: number
  to: number
  /** Its length; with a fault, the time for which the fault was in force. */
  seconds: number
  /** The faults that were planned to begin in it. */
  faults: PlayedFault[]
  /** The data requests that were due in it; with a fault, those that were due while the fault was in force. */
  data: Result[]
  /** `data` without the successes that arrived after the rollback: the statuses of these are judged. */
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
  // A phase with a fault is judged by the time for which it was in force, but one with a crash as a whole: a request that the
  // crash cut off has failed.
  const edged = run.faults.filter(({ plan }) => !killing.has(plan.kind))
  const inIt = phase === undefined ? [] : edged.filter((fault) => faults.includes(fault))
  const isIn = (one: Result, among: PlayedFault[], places: Place[]) =>
    among.some((fault) => places.includes(placeOf(one, fault, slo.outage.refusal_p99_ms)))
  const results = run.results.filter((one) =>
    inIt.length > 0
      ? isIn(one, inIt, ['in force', 'late'])
      : isWithin(one.due, from, to) && !isIn(one, edged, ['across the injection', 'across the rollback']),
  )
  const data = results.filter(({ kind }) => kind !== 'login')
  const ranges = inIt.length > 0 ? inIt.map(inForce) : [{ from, to }]
  return {
    run,
    slo,
    from,
    to,
    seconds: ranges.reduce((sum, range) => sum + range.to - range.from, 0) / 1000,
    faults,
    data,
    settled: data.filter((one) => !isSuccess(one) || !isIn(one, inIt, ['late'])),
    logins: results.filter(({ kind }) => kind === 'login'),
    dropped: run.dropped.filter((moment) => ranges.some((range) => isWithin(moment, range.from, range.to))).length,
    attempts: run.attacks
      .filter((attack) => phase === undefined || attack.phase === phase)
      .flatMap(({ attempts }) => attempts),
  }
}

/** Every phase that was reached, beside its selection. */
export function reached(run: Run, slo: Slo): { phase: PlayedPhase; selection: Selection }[] {
  return run.phases.flatMap((phase) => {
    const selection = select(run, slo, phase.plan.name)
    return selection ? [{ phase, selection }] : []
  })
}

/** The same without the warm-up, in which nothing is judged. */
export function judgedPhases(run: Run, slo: Slo) {
  return reached(run, slo).filter(({ phase }) => !phase.plan.warmUp)
}

/** The figures of a selection's data requests, of its logins where it has nothing else; `rate`: requests due per second. */
export function figuresOf({ data, logins, dropped, seconds }: Selection) {
  const found = figures(data.length > 0 ? data : logins, dropped)
  return { ...found, rate: seconds > 0 ? found.due / seconds : 0 }
}

export function isWithin(moment: number, from: number, to: number): boolean {
  return moment >= from && moment < to
}

const soonMs = 1_000

/** The requests that count in no phase: they met the beginning or the end of a fault, or the time between two. */
export function inNoPhase(run: Run, slo: Slo): { due: number; failed: number } {
  const counted = reached(run, slo).flatMap(({ selection: { data, logins } }) => [...data, ...logins])
  const left = (wanted: (one: Result) => boolean) => run.results.filter(wanted).length - counted.filter(wanted).length
  return { due: left(() => true), failed: left((one) => !isSuccess(one)) }
}

/**
 * When a fault took its effect: from the first refusal on until the rollback. From the injection on when no request was
 * refused soon after it: then the requests in between show what the fault did, such as waiting for a lock.
 */
export function inForce({ injectedAt, landedAt, undone }: PlayedFault): { from: number; to: number } {
  const isSoon = landedAt !== undefined && landedAt - injectedAt <= soonMs && landedAt < undone.at
  return { from: isSoon ? landedAt : injectedAt, to: undone.at }
}

type Place = 'before' | 'across the injection' | 'in force' | 'late' | 'across the rollback' | 'after'

/**
 * Where a request lies, seen from a fault that was in force from F to T; `refusalMs` is how long a refusal may take. What it
 * may be answered, and whether it counts in the phase of the fault:
 *
 * | place                | due                       | done                | may be answered   | counts                 |
 * | -------------------- | ------------------------- | ------------------- | ----------------- | ---------------------- |
 * | before               | before F                  | until the injection | as without a fault | no                    |
 * | across the injection | before F                  | after the injection | either way        | in no phase            |
 * | in force             | F until T                 | until T             | as the fault says | yes                    |
 * | late                 | F until T - refusalMs     | after T             | it had to wait    | yes; no success counts |
 * | across the rollback  | T - refusalMs until T     | after T             | either way        | in no phase            |
 * | after                | from T on                 |                     | as without a fault | no                    |
 */
export function placeOf({ due, done }: Pick<Result, 'due' | 'done'>, fault: PlayedFault, refusalMs: number): Place {
  const { from, to } = inForce(fault)
  if (due >= to) return 'after'
  if (due < from) return done <= fault.injectedAt ? 'before' : 'across the injection'
  if (done <= to) return 'in force'
  return due < to - refusalMs ? 'late' : 'across the rollback'
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
  return all === 0 ? { words: 'no request' } : { value: (100 * part) / all, words: `${count(part)} of ${count(all)}` }
}

/** The share of a list that is as wanted. */
export function shareOf<One>(all: One[], wanted: (one: One) => boolean): Measured {
  return share(all.filter(wanted).length, all.length)
}

/** A measure in % that follows from the statuses of answers. */
export function ofAnswers(title: string, of: Measure['of'], better?: 'more'): Measure {
  return { title, unit: '%', of, better, ofAnswers: true }
}

export function largest(values: number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b))
}

/** A number without needless digits, its unit, and the words beside it. With a limit it shows on which side of it the number is. */
export function inWords({ value, words }: Measured, unit: string, limit = Number.NaN): string {
  if (value === undefined) return words ?? 'never'
  const isTime = ['ms', 's', 'MB'].includes(unit)
  const text = isTime ? besideLimit(value, limit, number, 3) : besideLimit(value, limit, decimals, 2)
  return `${text} ${unit}`.trimEnd() + (words === undefined ? '' : ` (${words})`)
}

function decimals(value: number, digits: number): string {
  const rounded = Number(value.toFixed(digits))
  return Number.isInteger(rounded) ? count(rounded) : String(rounded)
}
