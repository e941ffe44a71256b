import { isMet, isOwn, latencyOf, quantileOf, type Result, type Verdict, verdictOf } from '../load/figures.ts'
import type { Journal, JudgedExpectation } from '../runs/journal.ts'
import type { Slo } from '../slo.ts'
import type { Expectation, Experiment } from './experiment.ts'
import { isBusy } from './machine.ts'
import { measure, measures } from './measures.ts'
import {
  capacityProblems,
  clockProblems,
  faultProblems,
  hangs,
  inPhase,
  type Problem,
  sendingProblems,
} from './problems.ts'
import type { Run } from './run.ts'
import { searchProblems } from './search.ts'
import { inWords, type Selection, select } from './selection.ts'

export type Judgement = Pick<Journal, 'reasons' | 'busy' | 'expectations'> & { verdict: Verdict }

/**
 * PASS: all as expected. FAIL: something was not. INVALID: the run proves neither, and why. The first that applies decides:
 *
 * 1. The API died under the load: FAIL.
 * 2. An answer was wrong: FAIL. Neither the load nor a busy machine makes one.
 * 3. The run has a problem: INVALID.
 * 4. The API hung, or an expectation was missed: FAIL.
 * 5. PASS.
 */
export function judge(run: Run, experiment: Experiment, slo: Slo): Judgement {
  // Nothing is expected of a log that cannot be read.
  const judgeable = experiment.expectations.filter(({ measure }) => run.logged || measure !== 'refusals_logged')
  const judged = judgeable.map((one) => ({ one, ...judgeOne(one, run, slo) }))
  const expectations = judged.map(({ one, ...rest }) => rest)
  const unmet = judged.filter(({ one, met }) => !met && one.precondition)
  const missed = judged.filter(({ one, met }) => !met && !one.precondition)
  const hung = hangs(run, slo)
  const notMet = missed.map(
    ({ one, what, measured }) => `${inPhase(one.phase)}: expected ${what}, measured ${measured}.`,
  )
  const reasons = [...hung, ...notMet]

  if (run.died) return { verdict: 'FAIL', reasons: [run.died, ...reasons], expectations }
  const notAsPlanned = [...run.problems, ...faultProblems(run)]
  // Without its fault or attack a phase has other answers; a note may be lost in none.
  const decisive = missed.filter(({ one }) => notAsPlanned.length === 0 || one.measure === 'notes_lost')
  if (decisive.some(({ one }) => isWrong(one, run, slo))) return { verdict: 'FAIL', reasons, expectations }

  const excuses = missed.map(({ one, value }) => excuseOf(one, value, run, slo))
  // One miss without an excuse is enough for FAIL.
  const excused = hung.length > 0 || excuses.includes(undefined) ? [] : excuses.filter((one) => one !== undefined)
  const problems: Problem[] = [
    ...[...notAsPlanned, ...capacityProblems(run)].map((text) => ({ text })),
    ...clockProblems(run, slo),
    ...sendingProblems(run, experiment, slo),
    ...searchProblems(run).map((text) => ({ text })),
    ...unmet.map(({ one, value, phase, what, measured }) => ({
      ...{ phase, text: `${inPhase(one.phase)}: ${what} is needed for what follows; ${measured} was measured.` },
      busy: excuseOf(one, value, run, slo) !== undefined,
    })),
    ...excused.map((text, i) => ({ text, phase: missed[i]?.phase, busy: true })),
  ]
  const verdict = verdictOf(problems, reasons)
  // One cause has many effects: one sentence for each phase says enough.
  if (verdict === 'INVALID' && problems.every(({ busy }) => busy)) {
    const first = [...Map.groupBy(problems, ({ phase }) => phase).values()].flatMap((all) => all[0]?.text ?? [])
    return { verdict, busy: true, reasons: first, expectations }
  }
  return { verdict, reasons: [...problems.map(({ text }) => text), ...reasons], expectations }
}

/** The verdict of several: a run that proves something counts for more than one that proves nothing. */
export function together(all: { verdict: Verdict | 'SKIPPED' }[]): Verdict {
  const verdicts = all.map(({ verdict }) => verdict)
  return verdicts.includes('FAIL') ? 'FAIL' : verdicts.includes('INVALID') ? 'INVALID' : 'PASS'
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
 * Whether an expectation was missed because of wrong answers. A busy machine makes answers late or keeps them away, and makes
 * the API refuse work (429, 503); it makes no wrong answer. Too few right answers may be missing ones.
 */
function isWrong({ measure, phase, compare, limit }: Expectation, run: Run, slo: Slo): boolean {
  const { ofAnswers, of } = measures[measure]
  const selection = select(run, slo, phase)
  if (!ofAnswers || compare.startsWith('>') || selection === undefined) return false
  const { value } = of(certain(selection))
  return value !== undefined && !isMet[compare](value, limit)
}

/** Why an expectation that was missed proves nothing: not the API but this machine may have been slow. */
function excuseOf({ measure, phase, compare, limit }: Expectation, value: number | null, run: Run, slo: Slo) {
  const { latency, title, unit } = measures[measure]
  const selection = select(run, slo, phase)
  if (selection === undefined) return undefined
  const name = `${inPhase(phase)}: ${title} missed its limit`
  const at = (of: (one: Result) => number) =>
    latency ? quantileOf(latency.requests(selection), of, latency.quantile) : Number.NaN
  const [all, fromSent] = [at(latencyOf), at(({ sent, done }) => done - sent)]
  if (compare.startsWith('<') && isOwn(all, fromSent, limit))
    return `${name}, but only because the lab sent its requests late: this computer was too busy.`

  // A recovery is measured from the end of a phase on.
  if (!isBusy(run.machine, selection.from, selection.to + 2_000)) return undefined
  // Being busy makes a time longer, never shorter.
  if (compare.startsWith('>') && unit === 'ms' && value !== null) return undefined
  return `${name}, but other programs kept this computer busy then.`
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
