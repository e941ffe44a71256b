// Results of a load, their figures, and the judge of a service goal: for the lab and for the scripts in k6/, so that a goal
// has one meaning. k6 imports this file, so it uses nothing of Node.

export type Kind = 'read' | 'list' | 'write' | 'login' | 'attack'

/**
 * One arrival. Moments are milliseconds of clock.ts. `status` 0: no answer came, `error` says why. Latency is
 * `done - due`: a client that wanted to send at `due` waited that long. `sent - due` is the generator's own lag.
 */
export type Result = {
  kind: Kind
  due: number
  sent: number
  done: number
  status: number
  error?: string
  /** Every request that was sent for it, where its client has a policy: then `status` and `error` are the last one's. */
  attempts?: Attempt[]
}

/** One request on the wire. Error 'timeout': its client abandoned it. */
export type Attempt = { sent: number; done: number; status: number; error?: string }

/**
 * What clients met; latencies in milliseconds from the moment each request was due, null without one. `due` includes the
 * dropped ones; `answered`: with any status; `failed`: everything but a 2xx.
 */
export function figures(results: Result[], dropped = 0) {
  const due = results.length + dropped
  const failed = due - results.filter(isSuccess).length
  const waits = sorted(results.map(latencyOf))
  const at = (share: number) => (waits.length > 0 ? quantile(waits, share) : null)
  return {
    due,
    sent: results.length,
    answered: results.filter(({ status }) => status !== 0).length,
    failed,
    error_ratio: due > 0 ? failed / due : null,
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    p99_ms: at(0.99),
    max_ms: at(1),
    mean_ms: waits.length > 0 ? waits.reduce((sum, one) => sum + one, 0) / waits.length : null,
  }
}

export function isSuccess({ status }: { status: number }): boolean {
  return status >= 200 && status < 300
}

/** What the clients of a load met since the last report; latencies are seconds from the moment of due. */
export type LoadTally = { success: number; failure: number; dropped: number; latencies: number[] }

export function tallyOf(results: Result[], dropped: number): LoadTally {
  const success = results.filter(isSuccess).length
  const latencies = results.map((one) => latencyOf(one) / 1000)
  return { success, failure: results.length - success, dropped, latencies }
}

export function latencyOf({ due, done }: Result): number {
  return done - due
}

export function lagOf({ due, sent }: Result): number {
  return sent - due
}

/**
 * The value below which this share of the values lies, between the two nearest where it falls between them; NaN without
 * values. k6 computes its quantiles alike, so that both agree. Exact: a run has some ten thousand values, so there is no
 * need for the rounding of a histogram.
 */
export function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1)
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return below + (above - below) * (position - Math.floor(position))
}

export function sorted(values: number[]): Float64Array {
  return Float64Array.from(values).sort()
}

export function quantileOf(results: Result[], of: (one: Result) => number, share: number): number {
  return quantile(sorted(results.map(of)), share)
}

/** How often each status came; a request without an answer counts under the name of its error. */
export function statusesOf(results: Result[]): Record<string, number> {
  return countEach(results.map(({ status, error }) => (status === 0 ? (error ?? 'error') : status)))
}

export function countEach(names: (string | number)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** `quantile` of the requests are answered within `latency_ms`, less than `error_ratio` fail. */
export type Goal = { quantile: number; latency_ms: number; error_ratio: number }

type Compare = '<' | '<=' | '=' | '>=' | '>'
type Limit = { measure: 'p95' | 'p99' | 'errors'; compare: Compare; limit: number; unit: 'ms' | '%' }
export type Verdict = 'PASS' | 'FAIL' | 'INVALID'

export const isMet: Record<Compare, (value: number, limit: number) => boolean> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '=': (value, limit) => value === limit,
  '>=': (value, limit) => value >= limit,
  '>': (value, limit) => value > limit,
}

/** What a goal asks. An error is everything but a 2xx: another status, no answer, or a request that could not be sent. */
export function limitsOf({ quantile, latency_ms, error_ratio }: Goal): Limit[] {
  return [
    { measure: quantile === 0.99 ? 'p99' : 'p95', compare: '<', limit: latency_ms, unit: 'ms' },
    { measure: 'errors', compare: '<', limit: percent(error_ratio), unit: '%' },
  ]
}

/** INVALID: the load was not the promised one, so that the limits prove nothing. */
export function verdictOf(problems: unknown[], missed: unknown[]): Verdict {
  if (problems.length > 0) return 'INVALID'
  return missed.length > 0 ? 'FAIL' : 'PASS'
}

/** The share of the planned requests that must be sent for a run to prove anything. */
export const enough = 0.98

/** `heldUp`: what was dropped is the doing of the API. */
type Sending = { planned: number; sent: number; dropped: number; lag_p99_ms: number; heldUp?: boolean }

/** A client that waits this long for its answer is held up by the API: a busy machine alone seldom takes a second. */
export const heldUpMs = 1_000

/** Whether requests were dropped because the API held up half as many as may wait at a time. */
export function isHeldUp(dropped: number, heldUp: number, mostWaiting: number): boolean {
  return dropped > 0 && heldUp >= mostWaiting / 2
}

/** A generator may be late by half of the limit that is judged. */
export function isLate({ lag_p99_ms }: { lag_p99_ms: number }, limit_ms: number): boolean {
  return lag_p99_ms > limit_ms / 2
}

/** Why a load was not the promised one, one sentence each. */
export function loadProblems(sending: Sending, limit_ms: number): string[] {
  const { planned, sent, dropped, lag_p99_ms, heldUp = false } = sending
  // k6 numbers only the arrivals that it sends: after a dropped one every request seems to have been due too early.
  if (dropped > 0 && !heldUp)
    return [
      `${count(dropped)} requests were due and could not be sent, because too many still waited for their answer: the latencies are not exact.`,
    ]
  const problems: string[] = []
  if (sent + dropped < Math.floor(enough * planned))
    problems.push(`The load was not reached: ${count(sent)} of ${count(Math.round(planned))} requests were sent.`)
  if (isLate(sending, limit_ms))
    problems.push(
      `The requests were sent late (1 of 100 by ${lag_p99_ms.toFixed(1)} ms or more; ${limit_ms / 2} ms are allowed): this computer was too busy.`,
    )
  return problems
}

/** The reason of a load that failed because the API held up the generator. */
export function hung(dropped: number): string {
  return `The API left so many requests unanswered that ${count(dropped)} more could not be sent.`
}

/** Whether a latency above its limit is the generator's own: counted from `sent` it meets the limit. Then it proves nothing. */
export function isOwn(latency_ms: number, from_sent_ms: number, limit_ms: number): boolean {
  return latency_ms >= limit_ms && from_sent_ms < limit_ms
}

/** 2398 → 2,398. k6 has no toLocaleString. */
export function count(whole: number): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A ratio in per cent, without the digits that binary fractions add. */
export function percent(ratio: number): number {
  return Math.round(ratio * 1e6) / 1e4
}

/** The same numbers with two digits behind the point, to be read: a judge takes them as they are. */
export function roundAll<Numbers extends Record<string, number | null>>(numbers: Numbers): Numbers {
  const round = (value: number | null) => (value === null ? null : Math.round(value * 100) / 100)
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, round(value)])) as Numbers
}

/** Writes a value with so many digits that it differs from its limit in print too: 100.4 beside "< 100", and not 100. */
export function besideLimit(
  value: number,
  limit: number,
  write: (value: number, digits: number) => string,
  digits: number,
) {
  const most = digits + 12
  let more = digits
  while (value !== limit && more < most && write(value, more) === write(limit, more)) more++
  return write(value, more)
}
