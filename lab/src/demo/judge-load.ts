import { quantile, sorted } from '../load/figures.ts'
import type { Result } from '../load/open-loop.ts'
import type { Goal, Slo } from '../slo.ts'
import type { Findings } from './judge.ts'
import type { Played, Run } from './run.ts'
import { ms } from './screen.ts'

/** A limit on a latency, judged from the moment each request was due. `doubtful`: the generator may be to blame. */
export function latencyWithin(results: Result[], share: number, limit: number) {
  const at = (values: number[]) => quantile(sorted(values), share)
  const value = at(results.map((one) => one.done - one.due))
  const fromSent = at(results.map((one) => one.done - one.sent))
  const lag = at(results.map((one) => one.sent - one.due))
  // NaN, that is no request at all, is not within any limit.
  const met = value < limit
  // Late by half of what it measures, a generator shares the machine with something that slows the API too.
  const doubtful = !met && (fromSent < limit || lag > limit / 2)
  return { value, measured: `${ms(value)} ms`, met, doubtful }
}

export function dueIn(run: Run, from: number, to: number): Result[] {
  return run.results.filter((one) => one.due >= from && one.due < to)
}

/** What slo.json asks of a load phase. */
export function goalExpectations(run: Run, { phase, start, end }: Played, goal: Goal): Findings {
  const results = dueIn(run, start, end)
  const dropped = run.dropped.filter((due) => due >= start && due < end).length
  const latency = latencyWithin(results, goal.quantile, goal.latency_ms)
  const failed = results.filter((one) => one.status < 200 || one.status > 299).length + dropped
  const ratio = failed / (results.length + dropped)
  const name = `${phase.name}, ${goal.rate} requests/s`
  return {
    expectations: [
      {
        phase: name,
        what: `p${percent(goal.quantile)} < ${goal.latency_ms} ms`,
        ...pick(latency),
        limit: goal.latency_ms,
      },
      {
        phase: name,
        what: `errors < ${percent(goal.error_ratio)} %`,
        measured: `${(ratio * 100).toFixed(2)} % (${failed} of ${results.length + dropped})`,
        met: ratio < goal.error_ratio,
        value: ratio,
        limit: goal.error_ratio,
      },
    ],
    doubts: latency.doubtful
      ? [`${phase.name}: the latency goal was missed, but this generator was late itself: the machine is too busy.`]
      : [],
  }
}

/** A ratio in per cent, without the digits that binary fractions add. */
function percent(ratio: number): number {
  return Math.round(ratio * 1e6) / 1e4
}

export function pick({ measured, met, value }: { measured: string; met: boolean; value: number }) {
  return { measured, met, value }
}

/** Why the load of a phase would not be the load that was promised. */
export function loadDoubts(run: Run, { phase, start, end, fault }: Played, { goals, outage }: Slo): string[] {
  const results = dueIn(run, start, end)
  const dropped = run.dropped.filter((due) => due >= start && due < end).length
  const expected = (phase.rate * (end - start)) / 1000
  // Of an outage only what is judged counts: injecting a fault (a new process, a disk write) may hold up the generator.
  const judged = fault ? dueIn(run, fault.landedAt, fault.undone.at) : results
  const lag = quantile(sorted(judged.map((one) => one.sent - one.due)), 0.99)
  // Its own lateness makes a generator's figures worse, never better; from half of the limit on they tell nothing.
  const limit = phase.fault ? outage.refusal_p99_ms : goals[phase.goal ?? 'baseline'].latency_ms
  const mayLag = limit / 2
  const doubts: string[] = []
  if (results.length < 0.98 * expected) {
    doubts.push(
      `${phase.name}: the load was not reached: ${results.length} of ${Math.round(expected)} requests were sent and ended.`,
    )
  }
  if (dropped > 0)
    doubts.push(`${phase.name}: ${dropped} requests were not sent, because too many still waited for their answer.`)
  if (lag > mayLag) {
    doubts.push(
      `${phase.name}: this generator was late itself (p99 ${ms(lag)} ms, more than ${mayLag} ms): the machine is too busy.`,
    )
  }
  return doubts
}
