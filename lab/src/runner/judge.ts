import { isMet, isOwn, latencyOf, quantileOf, type Result, type Verdict, verdictOf } from '../load/figures.ts'
import type { JudgedExpectation } from '../runs/journal.ts'
import type { Slo } from '../slo.ts'
import type { Expectation, Experiment } from './experiment.ts'
import { isBusy } from './machine.ts'
import { measure, measures } from './measures.ts'
import { capacityProblems, clockProblems, faultProblems, hangs, type Problem, sendingProblems } from './problems.ts'
import type { Run } from './run.ts'
import { searchProblems } from './search.ts'
import { inWords, type Selection, select } from './selection.ts'

export type Judgement = {
  verdict: Verdict
  /** Why it is not PASS, one sentence each. */
  reasons: string[]
  /** INVALID, and nothing but a busy machine is the reason. */
  busy?: true
  expectations: JudgedExpectation[]
}

/** PASS: all as expected. FAIL: something was not. INVALID: the run proves neither, and why. */
export function judge(run: Run, experiment: Experiment, slo: Slo): Judgement {
  // Nothing is expected of a log that cannot be read.
  const judgeable = experiment.expectations.filter(
    (one) => one.measure !== 'refusals_logged' || run.logged !== undefined,
  )
  const judged = judgeable.map((one) => ({ one, ...judgeOne(one, run, slo) }))
  const expectations = judged.map(({ one, ...rest }) => rest)
  const [unmet, missed] = [true, false].map((wanted) =>
    judged.filter(({ one, met }) => !met && (one.precondition ?? false) === wanted),
  ) as [typeof judged, typeof judged]
  const hung = hangs(run, slo)
  const notMet = missed.map(({ phase, what, measured }) => `Not met: ${phase}: ${what}: measured ${measured}`)
  const reasons = [...hung, ...notMet]

  // A system that dies under the load has failed, whatever else could not be measured any more.
  if (run.died) return { verdict: 'FAIL', reasons: [run.died, ...reasons], expectations }
  const excuses = missed.map(({ one, value }) => excuseOf(one, value, run, slo))
  // One miss without an excuse is enough for FAIL.
  const excused = hung.length > 0 || excuses.includes(undefined) ? [] : excuses.filter((one) => one !== undefined)
  const problems: Problem[] = [
    ...[...run.problems, ...faultProblems(run), ...capacityProblems(run)].map((text) => ({ text })),
    ...clockProblems(run, slo),
    ...sendingProblems(run, experiment, slo),
    ...searchProblems(run).map((text) => ({ text })),
    ...unmet.map(({ one, value, phase, what, measured }) => ({
      ...{ phase, text: `${phase}: ${what} is the condition for the rest: measured ${measured}` },
      busy: excuseOf(one, value, run, slo) !== undefined,
    })),
    ...excused.map((text, i) => ({ text, phase: missed[i]?.phase, busy: true })),
  ]
  const verdict = verdictOf(
    problems.map(({ text }) => text),
    reasons,
  )
  // One cause has many effects: one sentence for each phase says enough.
  if (verdict === 'INVALID' && problems.every(({ busy }) => busy)) {
    const first = [...Map.groupBy(problems, ({ phase }) => phase).values()].flatMap((all) => all[0]?.text ?? [])
    return { verdict, busy: true, reasons: first, expectations }
  }
  return { verdict, reasons: [...problems.map(({ text }) => text), ...reasons], expectations }
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
    measured: inWords(measured, unit, one.limit),
    met: value !== undefined && isMet[one.compare](value, one.limit),
  }
}

/**
 * Why an expectation that was missed proves nothing: not the API but this machine may have been slow. A machine makes
 * answers late or keeps them away, and makes the API refuse work (429, 503); it makes no wrong answer.
 */
function excuseOf({ measure, phase, compare, limit }: Expectation, value: number | null, run: Run, slo: Slo) {
  const { latency, ofAnswers, of, title, unit } = measures[measure]
  const selection = select(run, slo, phase)
  if (selection === undefined) return undefined
  const name = `${phase ?? 'The whole run'}: ${title} was missed`
  const at = (of: (one: Result) => number) =>
    latency ? quantileOf(latency.requests(selection), of, latency.quantile) : Number.NaN
  const [all, fromSent] = [at(latencyOf), at(({ sent, done }) => done - sent)]
  if (compare.startsWith('<') && isOwn(all, fromSent, limit))
    return `${name}, but the generator was late itself: the machine is too busy.`

  // A recovery is measured from the end of a phase on.
  if (!isBusy(run.machine, selection.from, selection.to + 2_000)) return undefined
  const isTooLittle = compare.startsWith('>')
  // Being busy makes a time longer, never shorter.
  if (isTooLittle && unit === 'ms' && value !== null) return undefined
  const rest = ofAnswers && !isTooLittle ? of(certain(selection)).value : undefined
  if (rest !== undefined && !isMet[compare](rest, limit)) return undefined
  return `${name}, but this machine was busy with other programs then: close them and run it again.`
}

/** The selection without the requests that a busy machine may have kept from being served. */
function certain(selection: Selection): Selection {
  const { run, data, settled, logins, attempts } = selection
  const only = <One extends { status: number }>(all: One[]) =>
    all.filter(({ status }) => ![0, 429, 503].includes(status))
  return {
    ...selection,
    ...{ data: only(data), settled: only(settled), logins: only(logins), attempts: only(attempts), dropped: 0 },
    run: { ...run, health: only(run.health) },
  }
}
