import { lagOf, latencyOf, quantile, sorted } from '../load/figures.ts'
import { loadProblems, mayBeOwn } from '../load/goal.ts'
import type { Result } from '../load/load.ts'
import type { Slo } from '../slo.ts'
import type { Expectation, Experiment } from './experiment.ts'
import type { MachineSample } from './machine.ts'
import { withUnit } from './measure.ts'
import { measures } from './measures.ts'
import type { PlayedPhase, Run } from './run.ts'
import { isWithin, type Selection, select } from './selection.ts'

const jumpMs = 500

/** Why the run would prove nothing, one sentence each. */
export function validityProblems(run: Run, experiment: Experiment, slo: Slo): string[] {
  return [
    ...run.refused,
    ...faultProblems(run, slo),
    ...clockProblems(run, slo),
    ...sendingProblems(run, experiment, slo),
  ]
}

function faultProblems({ faults, startedAt }: Run, { outage }: Slo): string[] {
  const problems: string[] = []
  for (const { plan, injectedAt, undone } of faults) {
    const name = `The fault ${plan.kind} at ${plan.at} s`
    const late = injectedAt - (startedAt + plan.at * 1000)
    if (!undone.intact)
      problems.push(`${name} was not in force until its end: something else ended it (${undone.did}).`)
    const lasted = (undone.at - injectedAt) / 1000
    if (lasted < 0.75 * plan.for)
      problems.push(`${name} was in force for ${withUnit(lasted, 's')} instead of ${plan.for} s.`)
    if (late > outage.degraded_within_ms / 2) problems.push(`${name} came ${withUnit(late, 'ms')} late.`)
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
  if (Math.abs(jump) > jumpMs) problems.push(`The clock of this machine jumped by ${withUnit(jump / 1000, 's')}.`)
  if (still > outage.degraded_within_ms)
    problems.push(`This machine stood still for ${withUnit(still / 1000, 's')}: nothing was watched then.`)
  return problems
}

/** Why the load or the attack of a phase would not be the one that was promised. */
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
    lag_p99_ms: at([...data, ...logins], lagOf, 0.99),
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
  const limits = expectations
    .filter((one) => one.phase === phase && measures[one.measure].latency && one.compare.startsWith('<'))
    .map(({ limit }) => limit)
  return limits.length > 0 ? Math.min(...limits) : 2_000
}

/** Why an expectation that was missed proves nothing: not the API but this machine may have been slow. */
export function excuseOf({ measure, phase, limit }: Expectation, run: Run, slo: Slo): string | undefined {
  const { latency, whenBusy, title, unit, of } = measures[measure]
  const selection = select(run, slo, phase)
  const value = selection && of(selection).value
  if (selection === undefined || value === undefined) return undefined
  const excess = whenBusy === 'larger' ? value - limit : whenBusy === 'smaller' ? limit - value : 0
  if (excess <= 0) return undefined
  const name = `${phase ?? 'The whole run'}: ${title} was missed`
  if (latency && isOwn(latency.requests(selection), latency.quantile, limit))
    return `${name}, but the generator was late itself: the machine is too busy.`

  // A quantile is missed when the rest of the requests is slow, a time by as much as it exceeds its limit, and what is
  // counted by a share of the whole.
  const length = selection.to - selection.from
  const share = unit === '%' ? excess / 100 : excess / Math.max(value, limit)
  const needed = latency ? (1 - latency.quantile) * length : unit === 'ms' ? excess : share * length
  return busyMs(run.machine, selection.from, selection.to + afterMs) >= needed
    ? `${name}, but this machine was busy with other programs then: close them and run it again.`
    : undefined
}

// What is measured from the end of a phase, a recovery, comes after it.
const afterMs = 2_000

function isOwn(requests: Result[], share: number, limit: number): boolean {
  const lateness = {
    latency_ms: at(requests, latencyOf, share),
    from_sent_ms: at(requests, ({ sent, done }) => done - sent, share),
    lag_ms: at(requests, lagOf, share),
  }
  return mayBeOwn(lateness, limit)
}

/** For how long between two moments this machine was too busy to measure on. */
function busyMs(samples: MachineSample[], from: number, to: number): number {
  const busy = samples.filter((one) => one.to > from && one.from < to && isBusy(one))
  return busy.reduce((sum, one) => sum + Math.min(one.to, to) - Math.max(one.from, from), 0)
}

/**
 * Measured on two cores during the demo: with the processors for itself a process waited for 0.5 % of the time and never
 * for more than 13 %, beside ten other programs for 70 %.
 */
const busyShare = { processor: 0.2, pressure: 0.6 }
const slowDiskMs = 50

function isBusy({ what, from, to, waited_ms }: MachineSample): boolean {
  return what === 'disk' ? waited_ms > slowDiskMs : waited_ms > busyShare[what] * (to - from)
}

function at(requests: Result[], of: (one: Result) => number, share: number): number {
  return quantile(sorted(requests.map(of)), share)
}
