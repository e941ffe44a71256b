import { quantile, sorted } from '../load/figures.ts'
import type { Result } from '../load/open-loop.ts'
import type { Slo } from '../slo.ts'
import type { Experiment } from './experiment.ts'
import { measures } from './measures.ts'
import type { PlayedPhase, Run } from './run.ts'
import { ms } from './screen.ts'
import { isWithin, type View, viewOf } from './view.ts'

const jumpMs = 500

/** Why the run would prove nothing, one sentence each. */
export function doubtsOf(run: Run, experiment: Experiment, slo: Slo): string[] {
  return [...run.refused, ...faultDoubts(run, slo), ...clockDoubts(run, slo), ...loadDoubts(run, experiment, slo)]
}

function faultDoubts({ faults, zero }: Run, { outage }: Slo): string[] {
  const doubts: string[] = []
  for (const { plan, injectedAt, undone } of faults) {
    const name = `The fault ${plan.kind} at ${plan.at} s`
    const late = injectedAt - (zero + plan.at * 1000)
    if (!undone.intact) doubts.push(`${name} was not in force until its end: somebody else ended it (${undone.did}).`)
    if (late > outage.degraded_within_ms / 2) doubts.push(`${name} came ${ms(late)} ms late.`)
  }
  return doubts
}

/** The wall clock ties the run to the log and to other machines; a probe that was not sent in time saw nothing. */
function clockDoubts({ wallZero, wallZeroAtEnd, health, phases }: Run, { outage }: Slo): string[] {
  const jump = wallZeroAtEnd - wallZero
  const begin = phases.find(({ plan }) => !plan.warmUp)?.start ?? Number.POSITIVE_INFINITY
  const asked = health.map(({ at }) => at).filter((at) => isWithin(at, begin, phases.at(-1)?.end ?? begin))
  asked.sort((a, b) => a - b)
  const still = asked.reduce((most, at, i) => Math.max(most, at - (asked[i - 1] ?? at)), 0)
  const seconds = (value: number) => `${(value / 1000).toFixed(1)} s`
  const doubts: string[] = []
  if (Math.abs(jump) > jumpMs) doubts.push(`The clock of this machine jumped by ${seconds(jump)}.`)
  if (still > outage.degraded_within_ms)
    doubts.push(`This machine stood still for ${seconds(still)}: nothing was watched then.`)
  return doubts
}

/** Why the load would not be the load that was promised. */
function loadDoubts(run: Run, experiment: Experiment, slo: Slo): string[] {
  const judged = run.phases.filter(({ plan }) => !plan.warmUp)
  return judged.flatMap((phase) => phaseDoubts(run, phase, experiment, slo))
}

function phaseDoubts(run: Run, { plan, start, end }: PlayedPhase, experiment: Experiment, slo: Slo): string[] {
  const { name, rate, logins = 0 } = plan
  const view = viewOf(run, slo, name)
  if (view === undefined) return []
  const sent = run.results.filter(({ due }) => isWithin(due, start, end)).length
  const expected = ((rate + logins) * (end - start)) / 1000
  // Injecting a fault (a new process, a disk write) may hold up the generator: of an outage only what is judged counts.
  const lag = quantile(sorted(lags([...view.data, ...view.logins])), 0.99)
  const mayLag = lateness(experiment, name)
  const doubts: string[] = attackDoubts(plan, view)
  if (sent < 0.98 * expected)
    doubts.push(`${name}: the load was not reached: ${sent} of ${Math.round(expected)} requests were sent and ended.`)
  if (view.dropped > 0)
    doubts.push(`${name}: ${view.dropped} requests were not sent, because too many still waited for their answer.`)
  if (lag > mayLag)
    doubts.push(
      `${name}: this generator was late itself (p99 ${ms(lag)} ms, more than ${mayLag} ms): the machine is too busy.`,
    )
  return doubts
}

/** An attack that was not made at its rate says nothing of the defence. */
function attackDoubts({ name, attack }: PlayedPhase['plan'], { hits, from, to }: View): string[] {
  const expected = Math.floor(((attack?.perSecond ?? 0) * (to - from)) / 1000)
  return hits.length < 0.9 * expected
    ? [`${name}: the attack was not made at its rate: ${hits.length} of ${expected} attempts.`]
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
