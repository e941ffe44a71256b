import { isSuccess, lagOf, latencyOf, quantileOf, type Result } from '../load/figures.ts'
import type { Phase } from './experiment.ts'
import { isBusy } from './machine.ts'
import { between } from './metrics-page.ts'
import type { PlayedPhase, Run } from './run.ts'
import { isWithin, type Measure, type Selection } from './selection.ts'

// The search for the highest rate at which a goal is met: by doubling, then by halving the distance (bisection).

export type Step = { rate: number; met: boolean }

/** The highest rate at which the goal was met, and the lowest at which it was missed; 0 and infinite before there is one. */
export function found(steps: Step[]): { met: number; missed: number } {
  const met = steps.filter((one) => one.met).map(({ rate }) => rate)
  // One hiccup of the machine is no limit: a rate is missed when it was missed twice and never met.
  const missed = steps
    .filter((one, i) => !one.met && !met.includes(one.rate) && steps.findIndex(({ rate }) => rate === one.rate) < i)
    .map(({ rate }) => rate)
  return { met: Math.max(0, ...met), missed: Math.min(Number.POSITIVE_INFINITY, ...missed) }
}

/** Where to look next. */
export function nextRate(steps: Step[], first: number): number {
  const last = steps.at(-1)
  const { met, missed } = found(steps)
  if (last === undefined) return first
  const isFirstMiss = !last.met && steps.filter(({ rate }) => rate === last.rate).length === 1
  if (isFirstMiss) return last.rate
  if (missed === Number.POSITIVE_INFINITY) return 2 * met
  // Halfway by their ratio: rates differ by factors.
  return Math.round(met === 0 ? missed / 2 : Math.sqrt(met * missed))
}

/** The phase with the rate that follows from those before it. `waiting`: requests without an answer yet. */
export function withRate(plan: Phase, run: Run, waiting: Result[]): Phase {
  if (plan.search === undefined) return plan
  const steps = stepsOf(run, waiting)
  const { met, missed } = found(steps)
  const { confirm } = plan.search
  if (confirm === 'below') return { ...plan, rate: Math.round(0.8 * met) }
  if (confirm === 'above') return { ...plan, rate: Math.round(1.25 * Math.min(missed, 2 * met || plan.rate)) }
  return { ...plan, rate: nextRate(steps, plan.rate) }
}

function stepsOf(run: Run, waiting: Result[] = []): Step[] {
  return searched(run).map((phase) => ({ rate: phase.plan.rate, met: isMetIn(phase, run, waiting) }))
}

function searched({ phases }: Run): PlayedPhase[] {
  return phases.filter(({ plan }) => plan.search && !plan.search.confirm)
}

/**
 * Judged without the first quarter, in which the queue of the step before may still be there, and without the arrivals whose
 * time is not over at the end. So it comes out the same when it is asked again after the run.
 */
function isMetIn({ plan, start, end }: PlayedPhase, { results, dropped }: Run, waiting: Result[]): boolean {
  const goal = plan.search?.goal
  if (goal === undefined) return true
  const [from, to] = [start + (end - start) / 4, end - goal.latency_ms]
  const due = results.filter((one) => isWithin(one.due, from, to))
  const never = [...waiting.map((one) => one.due), ...dropped].filter((moment) => isWithin(moment, from, to)).length
  const failed = due.filter((one) => !isSuccess(one)).length + never
  const late = due.filter((one) => latencyOf(one) >= goal.latency_ms).length + never
  const all = due.length + never
  return late < (1 - goal.quantile) * all && failed < goal.error_ratio * all
}

/** Why what was found is not the API's: no limit was found, or the generator or this machine was it. */
export function searchProblems(run: Run): string[] {
  if (searched(run).length === 0) return []
  const { missed, met } = found(stepsOf(run))
  if (missed === Number.POSITIVE_INFINITY) return [`No limit was found: at ${met} requests a second the goal was met.`]
  const { who, words } = limitOf(run, missed)
  return who === 'the API' ? [] : [`The limit at ${missed} requests a second was ${who}, not the API: ${words}.`]
}

/** Who was the limit at a rate that was missed. */
function limitOf(run: Run, missed: number): { who: string; words: string } {
  const phases = searched(run).filter(({ plan }) => plan.rate === missed)
  const [from, to] = [phases[0]?.start ?? 0, phases.at(-1)?.end ?? 0]
  if (phases.some(({ start, end }) => isBusy(run.machine, start, end)))
    return { who: 'this machine', words: 'it was busy with other programs' }
  const results = run.results.filter(({ due }) => isWithin(due, from, to))
  const lag = quantileOf(results, lagOf, 0.99)
  if (lag > (phases[0]?.plan.search?.goal.latency_ms ?? 0) / 2)
    return { who: 'the generator', words: `it sent late itself (p99 ${lag.toFixed(0)} ms)` }
  const readings = run.metrics.filter(({ at }) => isWithin(at, from, to))
  const [first, last] = [readings[0], readings.at(-1)]
  const delay = first && last && between(first, last).event_loop_delay_ms
  return { who: 'the API', words: delay ? `its event loop was ${delay.toFixed(0)} ms late` : 'its answers came late' }
}

export const searchMeasures = {
  goal_met_up_to: {
    title: 'the goal is met up to',
    unit: 'requests a second',
    of({ run }: Selection) {
      const { met, missed } = found(stepsOf(run))
      if (missed === Number.POSITIVE_INFINITY) return { value: met, words: 'no limit was found' }
      const { who, words } = limitOf(run, missed)
      return { value: met, words: `not at ${missed}: the limit was ${who}, ${words}` }
    },
  },
} satisfies Record<string, Measure>
