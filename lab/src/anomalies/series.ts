import type { MetricsEvent } from '../runs/journal.ts'

/** Series that tell of the same thing: two of one family are one witness. */
export type Family = 'traffic' | 'slowness' | 'errors' | 'database' | 'silence'

export type Series = {
  name: string
  family: Family
  /** The deviation that is ordinary even after a baseline without any, in the unit of the series. */
  floor: number
  value: (second: MetricsEvent) => number | null
}

function column(name: keyof MetricsEvent & string, family: Family, floor: number): Series {
  return { name, family, floor, value: (second) => finite(second[name]) }
}

// Whatever file this is read from: a word or a missing field is "could not be measured".
function finite(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** Every numeric series of metrics_events, and `silent`: 1 in a second in which the metrics page could not be read. */
export const series: Series[] = [
  column('rate', 'traffic', 5),
  column('server_rate', 'traffic', 5),
  column('error_ratio', 'errors', 0.01),
  column('dropped', 'errors', 1),
  column('p50_ms', 'slowness', 5),
  column('p95_ms', 'slowness', 5),
  column('p99_ms', 'slowness', 5),
  column('server_p95_ms', 'slowness', 5),
  column('event_loop_delay_ms', 'slowness', 5),
  column('db_errors', 'database', 1),
  column('db_available', 'database', 0.1),
  column('degraded', 'database', 0.1),
  { name: 'silent', family: 'silence', floor: 0.1, value: (second) => (finite(second.db_available) === null ? 1 : 0) },
]
