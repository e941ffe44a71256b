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

/** Series of one family measure the same thing, so that two of them are one piece of evidence. */
export type Family = 'traffic' | 'slowness' | 'errors' | 'database' | 'silence'

/**
 * Every series that is scored. `floor`: the smallest deviation that counts, in the series' own unit: what is ordinary even
 * in a series that never moved. `silent`: 1 in a second in which the API's metrics page could not be read.
 */
export const series = {
  rate: { family: 'traffic', floor: 5 },
  server_rate: { family: 'traffic', floor: 5 },
  error_ratio: { family: 'errors', floor: 0.01 },
  dropped: { family: 'errors', floor: 1 },
  p50_ms: { family: 'slowness', floor: 5 },
  p95_ms: { family: 'slowness', floor: 5 },
  p99_ms: { family: 'slowness', floor: 5 },
  server_p95_ms: { family: 'slowness', floor: 5 },
  event_loop_delay_ms: { family: 'slowness', floor: 5 },
  db_errors: { family: 'database', floor: 1 },
  db_available: { family: 'database', floor: 0.1 },
  degraded: { family: 'database', floor: 0.1 },
  silent: { family: 'silence', floor: 0.1 },
} satisfies Record<string, { family: Family; floor: number }>

export type SeriesName = keyof typeof series

/** A file of another program may lack a series: that is the same as "could not be measured". */
export function valueIn(second: MetricsEvent, name: SeriesName): number | null {
  if (name === 'silent') return typeof second.db_available === 'number' ? 0 : 1
  return second[name] ?? null
}
