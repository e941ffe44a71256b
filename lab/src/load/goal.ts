// The judge of a service goal: for the scripts in k6/ and for experiments. k6 imports this file, so it uses nothing of Node.

/** `quantile` of the requests are answered within `latency_ms`, less than `error_ratio` fail. */
export type Goal = { quantile: number; latency_ms: number; error_ratio: number }

export type Compare = '<' | '<=' | '=' | '>=' | '>'

/** A limit on a measure. */
export type Limit = { measure: 'p95' | 'p99' | 'errors'; compare: Compare; limit: number; unit: 'ms' | '%' }

export type Verdict = 'PASS' | 'FAIL' | 'INVALID'

export const isMet: Record<Compare, (value: number, limit: number) => boolean> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '=': (value, limit) => value === limit,
  '>=': (value, limit) => value >= limit,
  '>': (value, limit) => value > limit,
}

/**
 * What a goal asks. Latency counts from the moment at which a request was due to its last byte. An error is everything but
 * a 2xx: another status, no answer, or a request that was due and could not be sent.
 */
export function limitsOf({ quantile, latency_ms, error_ratio }: Goal): Limit[] {
  return [
    { measure: quantile === 0.99 ? 'p99' : 'p95', compare: '<', limit: latency_ms, unit: 'ms' },
    { measure: 'errors', compare: '<', limit: percent(error_ratio), unit: '%' },
  ]
}

/** INVALID: the load was not the promised one, so that the limits prove nothing. */
export function verdictOf(problems: string[], missed: unknown[]): Verdict {
  if (problems.length > 0) return 'INVALID'
  return missed.length > 0 ? 'FAIL' : 'PASS'
}

/** The share of the planned requests that must be sent for a run to prove anything. */
export const enough = 0.98

/** How well a generator kept to its plan. */
export type Sending = { planned: number; sent: number; dropped: number; lag_p99_ms: number }

/** Why a load was not the promised one, one sentence each. A generator may be late by half of the limit that is judged. */
export function loadProblems({ planned, sent, dropped, lag_p99_ms }: Sending, limit_ms: number): string[] {
  const problems: string[] = []
  if (dropped > 0)
    problems.push(`${dropped} requests were due and could not be sent, because too many still waited for their answer.`)
  else if (sent < Math.floor(enough * planned))
    problems.push(`The load was not reached: ${sent} of ${Math.round(planned)} requests were sent.`)
  if (lag_p99_ms > limit_ms / 2)
    problems.push(
      `The generator was late itself (p99 ${lag_p99_ms.toFixed(1)} ms, more than ${limit_ms / 2} ms): the machine is too busy.`,
    )
  return problems
}

/** A quantile of the latency from `due`, the same from `sent`, and that of the lag between them. */
export type Lateness = { latency_ms: number; from_sent_ms: number; lag_ms: number }

/** Whether a latency above its limit may be the generator's own: then it proves nothing about the API. */
export function mayBeOwn({ latency_ms, from_sent_ms, lag_ms }: Lateness, limit_ms: number): boolean {
  // A generator that is late by half of what it measures shares the machine with something that slows the API too.
  return latency_ms >= limit_ms && (from_sent_ms < limit_ms || lag_ms > limit_ms / 2)
}

/** A ratio in per cent, without the digits that binary fractions add. */
export function percent(ratio: number): number {
  return Math.round(ratio * 1e6) / 1e4
}
