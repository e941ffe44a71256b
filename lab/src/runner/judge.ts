import type { JudgedExpectation } from '../runs/journal.ts'
import type { Slo } from '../slo.ts'
import type { Expectation, Experiment } from './experiment.ts'
import type { Measured } from './measure.ts'
import { measures } from './measures.ts'
import type { Run } from './run.ts'
import { ms } from './screen.ts'
import { select } from './selection.ts'
import { mayBeOwn, validityProblems } from './validity.ts'

export type Judgement = {
  verdict: 'PASS' | 'FAIL' | 'INVALID'
  /** Why it is not PASS, one sentence each. */
  reasons: string[]
  expectations: JudgedExpectation[]
}

/** PASS: all as expected. FAIL: something was not. INVALID: the run proves neither, and why. */
export function judge(run: Run, experiment: Experiment, slo: Slo): Judgement {
  // Where the log cannot be read nothing is expected of it.
  const judgeable = experiment.expectations.filter(
    ({ measure }) => measure !== 'refusals_logged' || run.logged !== undefined,
  )
  const expectations = judgeable.map((one) => judgeOne(one, run, slo))
  const problems = [
    ...validityProblems(run, experiment, slo),
    ...judgeable.flatMap((one) => ownLateness(one, run, slo)),
  ]
  const failed = expectations
    .filter(({ met }) => !met)
    .map(({ phase, what, measured }) => `Not met: ${phase}: ${what}: measured ${measured}`)

  // A system that dies under the load has failed, whatever else could not be measured any more.
  if (run.died) return { verdict: 'FAIL', reasons: [run.died, ...failed], expectations }
  if (problems.length > 0) return { verdict: 'INVALID', reasons: [...problems, ...failed], expectations }
  return { verdict: failed.length > 0 ? 'FAIL' : 'PASS', reasons: failed, expectations }
}

/** What a measure says of a phase, or without one of the whole run. */
export function measure(name: Expectation['measure'], phase: string | undefined, run: Run, slo: Slo): Measured {
  const selection = select(run, slo, phase)
  return selection === undefined ? { words: 'never reached' } : measures[name].of(selection)
}

function judgeOne(one: Expectation, run: Run, slo: Slo): JudgedExpectation {
  const { title, unit } = measures[one.measure]
  const measured = measure(one.measure, one.phase, run, slo)
  const { value } = measured
  return {
    phase: one.phase ?? 'the whole run',
    what: `${title} ${one.compare} ${inUnit(trim(one.limit), unit)}`,
    why: one.why,
    compare: one.compare,
    limit: one.limit,
    value: value ?? null,
    unit,
    measured: inWords(measured, unit),
    met: value !== undefined && compare[one.compare](value, one.limit),
  }
}

const compare: Record<JudgedExpectation['compare'], (value: number, limit: number) => boolean> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '=': (value, limit) => value === limit,
  '>=': (value, limit) => value >= limit,
  '>': (value, limit) => value > limit,
}

export function inWords({ value, words }: Measured, unit: string): string {
  return words ?? (value === undefined ? 'never' : inUnit(unit === 'ms' ? ms(value) : trim(value), unit))
}

function inUnit(value: string, unit: string): string {
  return unit === 'ms' || unit === '%' ? `${value} ${unit}` : value
}

/** A number without the digits that binary fractions add. */
function trim(value: number): string {
  return String(Math.round(value * 1e4) / 1e4)
}

function ownLateness({ measure, phase, compare, limit }: Expectation, run: Run, slo: Slo): string[] {
  const { latency, title } = measures[measure]
  const selection = select(run, slo, phase)
  if (!latency || !selection || !compare.startsWith('<') || measures[measure].of(selection).value === undefined)
    return []
  const missed = (measures[measure].of(selection).value ?? 0) >= limit
  return missed && mayBeOwn(latency.requests(selection), latency.quantile, limit)
    ? [`${phase ?? 'The whole run'}: ${title} was missed, but this generator was late itself: the machine is too busy.`]
    : []
}
