import type { Result } from './load.ts'

/** What clients met. Times in milliseconds; null without a request. */
export type Figures = {
  /** Requests that were due, the dropped ones included. */
  due: number
  sent: number
  /** Requests that were answered, whatever the status. */
  answered: number
  /** Everything but a 2xx: other statuses, the unanswered and the dropped. */
  failed: number
  error_ratio: number | null
  p50_ms: number | null
  p95_ms: number | null
  p99_ms: number | null
  max_ms: number | null
}

/** The figures of some results; latencies from the moment each was due. */
export function figures(results: Result[], dropped = 0): Figures {
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
  }
}

export function isSuccess({ status }: { status: number }): boolean {
  return status >= 200 && status < 300
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

/** How often each status came; a request without an answer counts under the name of its error. */
export function statusesOf(results: Result[]): Record<string, number> {
  const statuses: Record<string, number> = {}
  for (const { status, error } of results) {
    const name = status === 0 ? (error ?? 'error') : String(status)
    statuses[name] = (statuses[name] ?? 0) + 1
  }
  return statuses
}

/** The same numbers with two digits behind the point, to be read: a judge takes them as they are. */
export function roundAll<Numbers extends Record<string, number | null>>(numbers: Numbers): Numbers {
  const round = (value: number | null) => (value === null ? null : Math.round(value * 100) / 100)
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, round(value)])) as Numbers
}
