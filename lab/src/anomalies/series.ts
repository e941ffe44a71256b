import type { MetricsEvent } from '../runs/journal.ts'

export type Tuning = {
  /** An alarm begins at so many deviations, up or down. */
  threshold: number
  /** The baseline: so many calm seconds, and no score before there are `warmUp` of them. */
  window: number
  warmUp: number
  /** Calm seconds older than this are forgotten. */
  memory: number
  method: 'mean' | 'median'
}

/** The detector's settings, the only place where they stand. */
export const defaults: Tuning = { threshold: 4, window: 30, warmUp: 10, memory: 300, method: 'mean' }

/** The smallest deviation of each series that counts, in its own unit: what is ordinary even in a series that never moved. */
export const floors = {
  rate: 5,
  server_rate: 5,
  error_ratio: 0.01,
  dropped: 1,
  p50_ms: 5,
  p95_ms: 5,
  p99_ms: 5,
  server_p95_ms: 5,
  event_loop_delay_ms: 5,
  db_errors: 1,
  db_available: 0.1,
  degraded: 0.1,
  silent: 0.1,
}

/** Series of one family measure the same thing, so that two of them are one piece of evidence. */
export type Family = 'traffic' | 'slowness' | 'errors' | 'database' | 'silence'
export type SeriesName = keyof typeof floors
export type Series = { name: SeriesName; family: Family; value: (second: MetricsEvent) => number | null }

/** Every series that is scored. `silent`: 1 in a second in which the API's metrics page could not be read. */
export const series: Series[] = [
  column('rate', 'traffic'),
  column('server_rate', 'traffic'),
  column('error_ratio', 'errors'),
  column('dropped', 'errors'),
  column('p50_ms', 'slowness'),
  column('p95_ms', 'slowness'),
  column('p99_ms', 'slowness'),
  column('server_p95_ms', 'slowness'),
  column('event_loop_delay_ms', 'slowness'),
  column('db_errors', 'database'),
  column('db_available', 'database'),
  column('degraded', 'database'),
  { name: 'silent', family: 'silence', value: ({ db_available }) => (typeof db_available === 'number' ? 0 : 1) },
]

function column(name: SeriesName & keyof MetricsEvent, family: Family): Series {
  // A file of another program may lack a series: that is the same as "could not be measured".
  return { name, family, value: (second) => second[name] ?? null }
}
