import { isMet, type Verdict, verdictOf } from '../load/goal.ts'
import type { JudgedExpectation } from '../runs/journal.ts'
import type { Slo } from '../slo.ts'
import type { Expectation, Experiment } from './experiment.ts'
import { inWords } from './measure.ts'
import { measure, measures } from './measures.ts'
import type { Run } from './run.ts'
import { excuseOf, validityProblems } from './validity.ts'

export type Judgement = {
  verdict: Verdict
  /** Why it is not PASS, one sentence each. */
  reasons: string[]
  expectations: JudgedExpectation[]
}

/** PASS: all as expected. FAIL: something was not. INVALID: the run proves neither, and why. */
export function judge(run: Run, experiment: Experiment, slo: Slo): Judgement {
  const judgeable = experiment.expectations.filter((one) => measures[one.measure].readable?.(run) ?? true)
  const judged = judgeable.map((one) => ({ one, ...judgeOne(one, run, slo) }))
  const expectations = judged.map(({ one, ...rest }) => rest)
  const missed = judged.filter(({ met }) => !met)
  const reasons = missed.map(({ phase, what, measured }) => `Not met: ${phase}: ${what}: measured ${measured}`)

  // A system that dies under the load has failed, whatever else could not be measured any more.
  if (run.died) return { verdict: 'FAIL', reasons: [run.died, ...reasons], expectations }
  const excuses = missed.map(({ one }) => excuseOf(one, run, slo))
  // One miss without an excuse is enough for FAIL.
  const excused = excuses.includes(undefined) ? [] : excuses.filter((one) => one !== undefined)
  const problems = [...validityProblems(run, experiment, slo), ...excused]
  return { verdict: verdictOf(problems, missed), reasons: [...problems, ...reasons], expectations }
}

function judgeOne(one: Expectation, run: Run, slo: Slo): JudgedExpectation {
  const { title, unit } = measures[one.measure]
  const measured = measure(one.measure, one.phase, run, slo)
  const { value } = measured
  return {
    measure: one.measure,
    phase: one.phase ?? 'the whole run',
    what: `${title} ${one.compare} ${one.limit} ${unit}`.trimEnd(),
    why: one.why,
    compare: one.compare,
    limit: one.limit,
    value: value ?? null,
    unit,
    measured: inWords(measured, unit),
    met: value !== undefined && isMet[one.compare](value, one.limit),
  }
}
