import { quantile, sorted } from '../load/figures.ts'
import type { Result } from '../load/open-loop.ts'
import type { Slo } from '../slo.ts'
import type { Experiment } from './experiment.ts'
import { measures } from './measures.ts'
import type { PlayedPhase, Run } from './run.ts'
import { ms } from './screen.ts'
import { isWithin, type Selection, select } from './selection.ts'

const jumpMs = 500

/** Why the run would prove nothing, one sentence each. */
export function validityProblems(run: Run, experiment: Experiment, slo: Slo): string[] {
  return [...run.refused, ...faultProblems(run, slo), ...clockProblems(run, slo), ...loadProblems(run, experiment, slo)]
}

function faultProblems({ faults, startedAt }: Run, { outage }: Slo): string[] {
  const problems: string[] = []
  for (const { plan, injectedAt, undone } of faults) {
    const name = `The fault ${plan.kind} at ${plan.at} s`
    const late = injectedAt - (startedAt + plan.at * 1000)
    if (!undone.intact) problems.push(`${name} was not in force until its end: somebody else ended it (${undone.did}).`)
    if (late > outage.degraded_within_ms / 2) problems.push(`${name} came ${ms(late)} ms late.`)
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
  const seconds = (value: number) => `${(value / 1000).toFixed(1)} s`
  const problems: string[] = []
  if (Math.abs(jump) > jumpMs) problems.push(`The clock of this machine jumped by ${seconds(jump)}.`)
  if (still > outage.degraded_within_ms)
    problems.push(`This machine stood still for ${seconds(still)}: nothing was watched then.`)
  return problems
}

/** Why the load would not be the load that was promised. */
function loadProblems(run: Run, experiment: Experiment, slo: Slo): string[] {
  const judged = run.phases.filter(({ plan }) => !plan.warmUp)
  return judged.flatMap((phase) => phaseProblems(run, phase, experiment, slo))
}

function phaseProblems(run: Run, { plan, start, end }: PlayedPhase, experiment: Experiment, slo: Slo): string[] {
  const { name, rate, logins = 0 } = plan
  const selection = select(run, slo, name)
  if (selection === undefined) return []
  const sent = run.results.filter(({ due }) => isWithin(due, start, end)).length
  const expected = ((rate + logins) * (end - start)) / 1000
  // Injecting a fault (a new process, a disk write) may hold up the generator: of an outage only what is judged counts.
  const lag = quantile(sorted(lags([...selection.data, ...selection.logins])), 0.99)
  const mayLag = lateness(experiment, name)
  const problems: string[] = attackProblems(plan, selection)
  if (sent < 0.98 * expected)
    problems.push(`${name}: the load was not reached: ${sent} of ${Math.round(expected)} requests were sent and ended.`)
  if (selection.dropped > 0)
    problems.push(
      `${name}: ${selection.dropped} requests were not sent, because too many still waited for their answer.`,
    )
  if (lag > mayLag)
    problems.push(
      `${name}: this generator was late itself (p99 ${ms(lag)} ms, more than ${mayLag} ms): the machine is too busy.`,
    )
  return problems
}

/** An attack that was not made at its rate says nothing of the defence. */
function attackProblems({ name, attack }: PlayedPhase['plan'], { attempts, from, to }: Selection): string[] {
  const expected = Math.floor(((attack?.perSecond ?? 0) * (to - from)) / 1000)
  return attempts.length < 0.9 * expected
    ? [`${name}: the attack was not made at its rate: ${attempts.length} of ${expected} attempts.`]
    : []
}

function lags(results: Result[]): number[] {
  return results.map(({ sent, due }) => sent - due)
}

/** Its own lateness makes a generator's figures worse, never better; from half of the limit on they tell nothing. */
function lateness({ expectations }: Experiment, phase: string): number {
  const limits = expectations
    .filter((one) => one.phase === phase && measures[one.measure].latency && one.compare.startsWith('<'))
    .map(({ limit }) => limit)
  // Where no latency is judged only the shape of the load is at stake.
  return limits.length > 0 ? Math.min(...limits) / 2 : 1_000
}

/** Whether a latency above its limit may be the generator's own. */
export function mayBeOwn(requests: Result[], share: number, limit: number): boolean {
  const at = (values: number[]) => quantile(sorted(values), share)
  const fromSent = at(requests.map(({ sent, done }) => done - sent))
  // Late by half of what it measures, a generator shares the machine with something that slows the API too.
  return fromSent < limit || at(lags(requests)) > limit / 2
}
