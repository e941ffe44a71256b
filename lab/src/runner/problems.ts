import { heldUpMs, hung, isHeldUp, isLate, lagOf, loadProblems, quantileOf } from '../load/figures.ts'
import { readSessionDb } from '../runs/session-db.ts'
import type { Slo } from '../slo.ts'
import type { Experiment } from './experiment.ts'
import { isBusy } from './machine.ts'
import { measures } from './measures.ts'
import type { PlayedPhase, Run } from './run.ts'
import { isWithin, judgedPhases, type Selection } from './selection.ts'

// Why a run would prove nothing, and what proves that an API hangs.

/** Where something happened, at the head of a sentence. */
export const inPhase = (name?: string) => (name === undefined ? 'In the whole run' : `In the phase "${name}"`)

/** One sentence. `busy`: this machine is the cause, and no more has to be known. */
export type Problem = { text: string; phase?: string; busy?: boolean }

export function faultProblems({ faults }: Run): string[] {
  const problems: string[] = []
  for (const { plan, injectedAt, undone } of faults) {
    const name = `The fault ${plan.kind} at ${plan.at} s`
    const lasted = (undone.at - injectedAt) / 1000
    if (!undone.intact)
      problems.push(`${name} was not in force until its end: something else ended it (${undone.did}).`)
    if (lasted < 0.75 * plan.for)
      problems.push(`${name} was in force for ${lasted.toFixed(1)} s instead of ${plan.for.toFixed(1)} s.`)
  }
  return problems
}

/** The wall clock ties the run to the log and to other machines; a probe that was not sent in time saw nothing. */
export function clockProblems({ wallOffset, wallOffsetAtEnd, health, phases }: Run, { outage }: Slo): Problem[] {
  const jump = wallOffsetAtEnd - wallOffset
  const begin = phases.find(({ plan }) => !plan.warmUp)?.start ?? Number.POSITIVE_INFINITY
  const asked = health.map(({ at }) => at).filter((at) => isWithin(at, begin, phases.at(-1)?.end ?? begin))
  asked.sort((a, b) => a - b)
  const still = asked.reduce((most, at, i) => Math.max(most, at - (asked[i - 1] ?? at)), 0)
  const problems: Problem[] = []
  if (Math.abs(jump) > 500)
    problems.push({ text: `The clock of this computer jumped by ${(jump / 1000).toFixed(1)} s.` })
  if (still > outage.degraded_within_ms) {
    const text = `This computer stood still for ${(still / 1000).toFixed(1)} s: nothing was watched then.`
    problems.push({ text, busy: true })
  }
  return problems
}

/** Faults and loads that other commands of the stack began during a run, as its lab has noted them in `record`. */
export function otherProblems({ startedAt, wallOffset }: Run, record: string): string[] {
  // Until the first phase begins, the seconds have the name of a load that ran before.
  const notes = readSessionDb(record, startedAt + wallOffset - 2_000, Date.now())
  const others = notes.flatMap(({ kind, data }) => {
    const { kind: fault, phase = '' } = data as { kind?: string; phase?: string }
    return kind === 'fault' ? `The fault ${fault}` : /^k6 /.test(phase) ? `The load ${phase}` : []
  })
  return [...new Set(others)].map((other) => `${other} of another command ran too: what was measured is about both.`)
}

/** How much faster or slower an API may be at the end: loads relative to what it could do at first mean little beyond. */
const steady = { from: 0.75, to: 1.2 }

export function capacityProblems({ capacity }: Run): string[] {
  if (capacity === undefined) return []
  const { of, perSecond, after } = capacity
  const ratio = (after ?? 0) / perSecond
  if (ratio >= steady.from && ratio <= steady.to) return []
  const unit = `${of} requests a second`
  const words = after === undefined ? 'could not be asked afterwards' : `${after.toFixed(1)} afterwards`
  return [
    `The API could serve ${perSecond.toFixed(1)} ${unit} before the run and ${words}: this computer was not equally fast all the time.`,
  ]
}

/** The load or the attack of a phase was not the one that was promised. */
export function sendingProblems(run: Run, experiment: Experiment, slo: Slo): Problem[] {
  // A search goes beyond what can be sent on purpose, and says itself what the limit was (search.ts).
  const promised = judgedPhases(run, slo).filter(({ phase: { plan } }) => !(plan.search && plan.overload))
  return promised.flatMap(({ phase, selection }) => {
    const sending = sendingIn(run, phase, selection)
    const limit = judgedLatency(experiment, phase.plan.name)
    const busy = isLate(sending, limit) || isBusy(run.machine, phase.start, phase.end)
    const problems = [...loadProblems(sending, limit), ...attackProblems(phase, selection)]
    return problems.map((problem) => ({
      text: `${inPhase(phase.plan.name)}: ${problem}`,
      phase: phase.plan.name,
      busy,
    }))
  })
}

/** An API that answers so late that requests could not be sent has failed. */
export function hangs(run: Run, slo: Slo): string[] {
  return judgedPhases(run, slo).flatMap(({ phase, selection }) => {
    const { dropped, heldUp } = sendingIn(run, phase, selection)
    return heldUp ? [`${inPhase(phase.plan.name)}: ${hung(dropped)}`] : []
  })
}

function sendingIn(run: Run, { plan, start, end }: PlayedPhase, { data, logins }: Selection) {
  const within = (moment: number) => isWithin(moment, start, end)
  const dropped = run.dropped.filter(within).length
  const planned = ((plan.rate + (plan.logins ?? 0)) * (end - start)) / 1000
  const heldUp = run.results.filter(({ due, sent, done }) => within(due) && done - sent >= heldUpMs).length
  // More than it can take is asked of the API on purpose, or this machine may have kept it from answering.
  const isApis = dropped > 0 && !plan.overload && !isBusy(run.machine, start, end)
  return {
    planned: plan.arrivals === 'poisson' ? leastOf(planned) : planned,
    sent: run.results.filter(({ due }) => within(due)).length,
    dropped,
    heldUp: isApis && isHeldUp(dropped, heldUp, run.maxWaiting(plan)),
    // Injecting a fault (a new process, a disk write) may hold up the generator: of an outage only what is judged counts.
    // After a dropped request k6 is wrong about when the others were due.
    lag_p99_ms: dropped > 0 && run.generator === 'k6' ? 0 : quantileOf([...data, ...logins], lagOf, 0.99),
  }
}

/** The number of random arrivals has a standard deviation of the root of its mean: fewer than this never come by chance. */
function leastOf(mean: number): number {
  return Math.max(0, mean - 4 * Math.sqrt(mean))
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
