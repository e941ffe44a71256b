import type { MetricsReading } from './metrics-page.ts'

/** What the API's counters said between two readings of its metrics page; null where a reading has a gap. */
export type ServerSecond = {
  db_errors: number | null
  event_loop_delay_ms: number | null
  server_rate: number | null
  server_p95_ms: number | null
}

export const silence: ServerSecond = {
  db_errors: null,
  event_loop_delay_ms: null,
  server_rate: null,
  server_p95_ms: null,
}

/** The difference of two readings. A counter that fell was started again, so it counts from 0. */
export function between(before: MetricsReading, after: MetricsReading): ServerSecond {
  const seconds = (after.at - before.at) / 1000
  const restarted = (after.db_errors_total ?? 0) < (before.db_errors_total ?? 0) || fell(before, after)
  const from = restarted ? undefined : before
  const known = before.requests !== undefined && after.requests !== undefined
  const requests = known ? difference(from?.requests ?? new Map(), after.requests ?? new Map()) : undefined
  const count = requests?.get(Number.POSITIVE_INFINITY)
  return {
    db_errors: rise(before.db_errors_total, after.db_errors_total, restarted),
    event_loop_delay_ms: meanDelay(from, after),
    server_rate: count === undefined ? null : round(count / seconds),
    server_p95_ms: requests === undefined ? null : round(bucketQuantile(requests, 0.95) * 1000),
  }
}

function fell(before: MetricsReading, after: MetricsReading): boolean {
  const all = ({ requests }: MetricsReading) => requests?.get(Number.POSITIVE_INFINITY)
  return (all(after) ?? 0) < (all(before) ?? 0) && all(after) !== undefined
}

function rise(before: number | undefined, after: number | undefined, restarted: boolean): number | null {
  if (after === undefined || before === undefined) return null
  return restarted ? after : after - before
}

function meanDelay(before: MetricsReading | undefined, { eventLoopDelay: after }: MetricsReading): number | null {
  if (after === undefined) return null
  const { sum, count } = before?.eventLoopDelay ?? { sum: 0, count: 0 }
  return after.count > count ? round(((after.sum - sum) / (after.count - count)) * 1000) : null
}

function difference(before: Map<number, number>, after: Map<number, number>): Map<number, number> {
  return new Map([...after].map(([edge, count]) => [edge, count - (before.get(edge) ?? 0)]))
}

/** The quantile that Prometheus's histogram_quantile would give, in the unit of the edges; NaN without values. */
function bucketQuantile(buckets: Map<number, number>, share: number): number {
  const edges = [...buckets].sort(([a], [b]) => a - b)
  const all = edges.at(-1)?.[1] ?? 0
  if (all === 0) return Number.NaN
  let [lower, below] = [0, 0]
  for (const [edge, count] of edges) {
    if (count >= share * all) {
      // Beyond the last edge nothing is known but that it is beyond.
      if (edge === Number.POSITIVE_INFINITY) return lower
      return lower + ((edge - lower) * (share * all - below)) / (count - below)
    }
    ;[lower, below] = [edge, count]
  }
  return lower
}

function round(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(value * 1000) / 1000
}
