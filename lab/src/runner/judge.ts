import {
  isMet,
  isOwn,
  lagOf,
  latencyOf,
  loadProblems,
  quantileOf,
  type Result,
  type Verdict,
  verdictOf,
} from '../load/figures.ts'
import type { JudgedExpectation } from '../runs/journal.ts'
import type { Slo } from '../slo.ts'
import type { Expectation, Experiment } from './experiment.ts'
import { measure, measures } from './measures.ts'
import type { PlayedPhase, Run } from './run.ts'
import { inWords, isWithin, type Selection, select } from './selection.ts'

export type Judgement = {
  verdict: Verdict
  /** Why it is not PASS, one sentence each. */
  reasons: string[]
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
  const missed = judged.filter(({ met }) => !met)
  const reasons = missed.map(({ phase, what, measured }) => `Not met: ${phase}: ${what}: measured ${measured}`)

  // A system that dies under the load has failed, whatever else could not be measured any more.
  if (run.died) return { verdict: 'FAIL', reasons: [run.died, ...reasons], expectations }
  const excuses = missed.map(({ one, value }) => excuseOf(one, value, run, slo))
  // One miss without an excuse is enough for FAIL.
  const excused = excuses.includes(undefined) ? [] : excuses.filter((one) => one !== undefined)
  const problems = [
    ...run.refused,
    ...faultProblems(run),
    ...clockProblems(run, slo),
    ...sendingProblems(run, experiment, slo),
    ...excused,
  ]
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

// From here on: why a run would prove nothing, one sentence each.

function faultProblems({ faults }: Run): string[] {
  const problems: string[] = []
  for (const { plan, injectedAt, undone } of faults) {
    const name = `The fault ${plan.kind} at ${plan.at} s`
    const lasted = (undone.at - injectedAt) / 1000
    if (!undone.intact)
      problems.push(`${name} was not in force until its end: something else ended it (${undone.did}).`)
    if (lasted < 0.75 * plan.for)
      problems.push(`${name} was in force for ${lasted.toFixed(1)} s instead of ${plan.for} s.`)
  }
  return problems
}

/** The wall clock ties the run to the log and to other machines; a probe that was not sent in time saw nothing. */
function clockProblems({ wallOffset, wallOffsetAtEnd, health, phases }: Run, { outage }: Slo): string[] {
  const jump = wallOffsetAtEnd - wallOffset
  const begin = phases.find(({ plan }) => !plan.warmUp)?.start ?? Number.POSITIVE_INFINITY
  const asked = health.map(({ at }) => at).filter((at) => isWithin(at, begin, phases.at(-1)?.end ?? begin))
  asked.sort((a, b) => a - b)
  const still = asked.reduce((most, at, i) => Math.max(most, at - (asked[i - 1] ?? at)), 0)
  const problems: string[] = []
  if (Math.abs(jump) > 500) problems.push(`The clock of this machine jumped by ${(jump / 1000).toFixed(1)} s.`)
  if (still > outage.degraded_within_ms)
    problems.push(`This machine stood still for ${(still / 1000).toFixed(1)} s: nothing was watched then.`)
  return problems
}

/** The load or the attack of a phase was not the one that was promised. */
function sendingProblems(run: Run, experiment: Experiment, slo: Slo): string[] {
  return run.phases.flatMap((phase) => {
    const { name, warmUp } = phase.plan
    const selection = warmUp ? undefined : select(run, slo, name)
    if (selection === undefined) return []
    const sending = sendingIn(run, phase, selection)
    const problems = [...loadProblems(sending, judgedLatency(experiment, name)), ...attackProblems(phase, selection)]
    return problems.map((problem) => `${name}: ${problem}`)
  })
}

function sendingIn(run: Run, { plan, start, end }: PlayedPhase, { data, logins }: Selection) {
  const within = (moment: number) => isWithin(moment, start, end)
  return {
    planned: ((plan.rate + (plan.logins ?? 0)) * (end - start)) / 1000,
    sent: run.results.filter(({ due }) => within(due)).length,
    dropped: run.dropped.filter(within).length,
    // Injecting a fault (a new process, a disk write) may hold up the generator: of an outage only what is judged counts.
    lag_p99_ms: quantileOf([...data, ...logins], lagOf, 0.99),
  }
}

/** An attack that was not made at its rate says nothing about the defence. */
function attackProblems({ plan: { attack } }: PlayedPhase, { attempts, from, to }: Selection): string[] {
  const expected = Math.floor(((attack?.perSecond ?? 0) * (to - from)) / 1000)
  return attempts.length < 0.9 * expected
    ? [`The attack was not made at its rate: ${attempts.length} of ${expected} attempts.`]
    : []
}

/** The lowest latency that is judged in a phase; without one only the shape of the load is at stake. */
function judgedLatency({ expectations }: Experiment, phase: string): number {
  const latencies = expectations.filter((one) => one.phase === phase && measures[one.measure].latency)
  const limits = latencies.filter(({ compare }) => compare.startsWith('<')).map(({ limit }) => limit)
  return limits.length > 0 ? Math.min(...limits) : 2_000
}

/** Beyond this share of the time a busy machine excuses a miss: p99 is missed when 1 % of the requests are slow. */
const busyShare = 0.01

/** Why an expectation that was missed proves nothing: not the API but this machine may have been slow. */
function excuseOf({ measure, phase, limit }: Expectation, value: number | null, run: Run, slo: Slo) {
  const { latency, whenBusy, title } = measures[measure]
  const selection = select(run, slo, phase)
  if (selection === undefined || value === null || whenBusy === undefined) return undefined
  // Being busy makes a time longer, never shorter.
  if (whenBusy === 'larger' ? value <= limit : value >= limit) return undefined
  const name = `${phase ?? 'The whole run'}: ${title} was missed`
  const at = (of: (one: Result) => number) =>
    latency ? quantileOf(latency.requests(selection), of, latency.quantile) : Number.NaN
  if (
    isOwn(
      at(latencyOf),
      at(({ sent, done }) => done - sent),
      limit,
    )
  )
    return `${name}, but the generator was late itself: the machine is too busy.`

  // A recovery is measured from the end of a phase on.
  const [from, to] = [selection.from, selection.to + 2_000]
  const busy = run.machine.filter((one) => one.busy && one.to > from && one.from < to)
  const busyMs = busy.reduce((sum, one) => sum + one.to - one.from, 0)
  return busyMs > busyShare * (to - from)
    ? `${name}, but this machine was busy with other programs then: close them and run it again.`
    : undefined
}
