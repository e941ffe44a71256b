import { median } from '../anomalies/z-score.ts'
import type { Journal, MetricsEvent } from './journal.ts'

/** A phase in figures; times in milliseconds, those of latency the median of its seconds. null: nothing was measured. */
export type PhaseFigures = {
  name: string
  seconds: number
  rate: number | null
  error_ratio: number | null
  p50_ms: number | null
  p95_ms: number | null
  p99_ms: number | null
  server_p95_ms: number | null
  event_loop_delay_ms: number | null
  db_errors: number | null
}

/** The figures of every phase; a second belongs to the phase in which its middle lies. */
export function phaseFigures({ happened, seconds }: Journal): PhaseFigures[] {
  return happened.phases.map(({ name, start_ms, end_ms }) => {
    const within = seconds.filter(({ second }) => second * 1000 + 500 >= start_ms && second * 1000 + 500 < end_ms)
    const all = (column: keyof MetricsEvent) =>
      within.map((one) => one[column]).filter((one) => typeof one === 'number')
    const middle = (column: keyof MetricsEvent) => (all(column).length > 0 ? median(all(column)) : null)
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
    const due = sum(all('rate'))
    return {
      name,
      seconds: (end_ms - start_ms) / 1000,
      rate: within.length > 0 ? due / within.length : null,
      error_ratio: due > 0 ? sum(within.map((one) => (one.error_ratio ?? 0) * one.rate)) / due : null,
      p50_ms: middle('p50_ms'),
      p95_ms: middle('p95_ms'),
      p99_ms: middle('p99_ms'),
      server_p95_ms: middle('server_p95_ms'),
      event_loop_delay_ms: middle('event_loop_delay_ms'),
      db_errors: all('db_errors').length > 0 ? sum(all('db_errors')) : null,
    }
  })
}
