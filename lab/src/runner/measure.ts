import type { Result } from '../load/load.ts'
import type { Run } from './run.ts'
import type { Selection } from './selection.ts'

/** A value in the measure's unit, undefined when there is none, and what a reader should know beside it. */
export type Measured = { value?: number; words?: string }

export type Measure = {
  title: string
  /** In the plural; empty for a number without a unit. */
  unit: string
  of: (selection: Selection) => Measured
  /** Of a latency: whose, and which quantile. */
  latency?: { requests: (selection: Selection) => Result[]; quantile: number }
  /** What a machine that is too busy makes of it, whatever the API does. */
  whenBusy?: 'larger' | 'smaller'
  /** Where it cannot be read nothing is expected of it. */
  readable?: (run: Run) => boolean
}

export function share(part: number, all: number): Measured {
  return all === 0 ? { words: 'no request' } : { value: (100 * part) / all, words: `${part} of ${all}` }
}

export function largest(values: number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b))
}

/** A number without needless digits, and its unit. */
export function withUnit(value: number, unit: string): string {
  const digits =
    unit === 'ms' || unit === 's' || unit === 'MB' ? value.toFixed(1) : String(Math.round(value * 100) / 100)
  return `${digits} ${unit}`.trimEnd()
}

export function inWords({ value, words }: Measured, unit: string): string {
  if (value === undefined) return words ?? 'never'
  return words === undefined ? withUnit(value, unit) : `${withUnit(value, unit)} (${words})`
}
