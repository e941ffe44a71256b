// Imports nothing of k6, so that a test can compare its verdicts with those of the lab.

import type { Goal } from '../lab/src/load/figures.ts'
import {
  besideLimit,
  count,
  enough,
  hung,
  isHeldUp,
  isLate,
  isMet,
  isOwn,
  limitsOf,
  loadProblems,
  percent,
  type Verdict,
  verdictOf,
} from '../lab/src/load/figures.ts'

/** What k6 passes to handleSummary, as far as it is used here. `setup_data` is missing when setup was aborted. */
export type Data = {
  metrics: Record<string, { values: Record<string, number> }>
  setup_data?: unknown
  state: { testRunDurationMs: number }
}

/** One row of the table. `limit` and `measured` are in the unit that `what` names, `words` are for the reader. */
export type Row = { what: string; limit: number; measured: number; met: boolean; words: string }

/**
 * A load, judged. `latency` is the quantile that the goal limits; latencies in milliseconds from the moment of due, or of
 * sending where requests were dropped.
 */
export type Judgement = {
  requests: number
  failed: number
  dropped: number
  rate: number
  latency: number
  latency_ms: { p50: number; p95: number; p99: number; max: number }
  rows: Row[]
  verdict: Verdict
  /** Why it is not PASS, one sentence each. */
  reasons: string[]
}

/** What was to be sent, and by how many virtual users. */
type Planned = { requests: number; seconds: number; users: number }

/** Judges what k6 counted, of one scenario when `tag` names it. */
export function judge(data: Data, goal: Goal, load: Planned, tag = ''): Judgement {
  const of = (metric: string, value: string) => data.metrics[metric + tag]?.values[value] ?? 0
  const at = quantile(goal)
  const dropped = of('dropped_iterations', 'count')
  // After a dropped arrival k6 is wrong about when the others were due.
  const measuredFrom = dropped > 0 ? 'latency_from_sent' : 'latency_from_due'
  const latency = of(measuredFrom, at)
  const sent = of('failed_requests', 'passes') + of('failed_requests', 'fails')
  const failed = of('failed_requests', 'passes') + dropped
  const due = sent + dropped
  const percentFailed = due > 0 ? (100 * failed) / due : 100

  const rows = limitsOf(goal).map(({ measure, compare, limit, unit }) => {
    const measured = measure === 'errors' ? percentFailed : latency
    const words =
      measure === 'errors'
        ? `${besideLimit(measured, limit, fixed, 2)} % (${count(failed)} of ${count(due)})`
        : `${besideLimit(measured, limit, fixed, 1)} ms`
    const name = measure === 'errors' ? measure : `p${percent(goal.quantile)}`
    const met = due > 0 && isMet[compare](measured, limit)
    return { what: `${name} ${compare} ${limit} ${unit}`, limit, measured, met, words }
  })
  const missed = rows.filter(({ met }) => !met).map(({ what, words }) => `The API missed ${what}: ${words}.`)

  const heldUp = isHeldUp(dropped, of('held_up', 'count'), load.users)
  const lag_p99_ms = dropped > 0 ? 0 : of('generator_lag', 'p(99)')
  const sending = { planned: load.requests, sent, dropped, lag_p99_ms, heldUp }
  if (heldUp) missed.unshift(hung(dropped))
  const seconds = data.state.testRunDurationMs / 1000
  const isCutShort = seconds < load.seconds && due < Math.floor(enough * load.requests)
  const problems = isCutShort
    ? [`You ended it after ${Math.round(seconds)} s of ${load.seconds} s.`]
    : loadProblems(sending, goal.latency_ms)
  // A late generator excuses a latency, and no errors beside it.
  if (problems.length === 0 && missed.length === 1 && isOwn(latency, of('latency_from_sent', at), goal.latency_ms))
    problems.push('The latency was missed only because k6 sent its requests late: this computer was too busy.')
  rows.push({
    what: 'every request was sent',
    limit: load.requests,
    measured: sent,
    met: due >= Math.floor(enough * load.requests) && dropped === 0,
    words: `${count(sent)} of ${count(load.requests)}, ${count(dropped)} dropped`,
  })
  // After a dropped arrival it is unknown.
  if (dropped === 0)
    rows.push({
      what: `generator late p99 <= ${goal.latency_ms / 2} ms`,
      limit: goal.latency_ms / 2,
      measured: lag_p99_ms,
      met: !isLate(sending, goal.latency_ms),
      words: `${besideLimit(lag_p99_ms, goal.latency_ms / 2, fixed, 1)} ms`,
    })

  const ms = (value: string) => Math.round(of(measuredFrom, value) * 100) / 100
  return {
    requests: sent,
    failed,
    dropped,
    // A run that was cut short had less time.
    rate: Math.round((sent / Math.min(load.seconds, seconds)) * 10) / 10,
    latency,
    latency_ms: { p50: ms('p(50)'), p95: ms('p(95)'), p99: ms('p(99)'), max: ms('max') },
    rows,
    verdict: verdictOf(problems, missed),
    reasons: [...problems, ...missed],
  }
}

/** k6's name of the quantile of a goal: 0.95 is p(95). */
export function quantile(goal: Goal): string {
  return `p(${percent(goal.quantile)})`
}

function fixed(value: number, digits: number): string {
  return value.toFixed(digits)
}
