import type { Result } from './open-loop.ts'

export type Figures = {
  /** Arrivals that were due, the dropped ones included. */
  due: number
  sent: number
  /** Answered with some status, or given up as an error: the generator did its part. */
  completed: number
  dropped: number
  /** No answer at all. */
  errors: number
  statuses: Record<string, number>
  latency_ms: Quantiles
  /** How late the generator itself was. */
  lag_ms: Quantiles
}
export type Quantiles = { p50: number; p95: number; p99: number; max: number }

/**
 * The smallest value that at least this share of the values does not exceed; NaN without values. Exact: a run has
 * some ten thousand values, so there is no need for the rounding of a histogram (perf_hooks' keeps whole numbers
 * and rounds them to three digits).
 */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export function sorted(values: number[]): Float64Array {
  return Float64Array.from(values).sort()
}

function quantiles(values: number[]): Quantiles {
  const all = sorted(values)
  const at = (share: number) => round(quantile(all, share))
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}

/** The figures of some results; latencies in milliseconds from the moment each was due. */
export function figures(results: Result[], dropped = 0): Figures {
  const statuses: Record<string, number> = {}
  let errors = 0
  for (const { status, error } of results) {
    const name = status === 0 ? (error ?? 'error') : String(status)
    statuses[name] = (statuses[name] ?? 0) + 1
    if (status === 0) errors++
  }
  return {
    due: results.length + dropped,
    sent: results.length,
    completed: results.length,
    dropped,
    errors,
    statuses,
    latency_ms: quantiles(results.map((one) => one.done - one.due)),
    lag_ms: quantiles(results.map((one) => one.sent - one.due)),
  }
}

export type Second = Figures & { second: number }

/** One row per second since `start`: each tells what those met who were due in it. */
export function perSecond(results: Result[], dropped: number[], start: number): Second[] {
  const rows = new Map<number, { results: Result[]; dropped: number }>()
  const row = (due: number) => {
    const second = Math.floor((due - start) / 1000)
    const found = rows.get(second) ?? { results: [], dropped: 0 }
    rows.set(second, found)
    return found
  }
  for (const one of results) row(one.due).results.push(one)
  for (const due of dropped) row(due).dropped++
  return [...rows].sort(([a], [b]) => a - b).map(([second, one]) => ({ second, ...figures(one.results, one.dropped) }))
}
