import type { Result } from '../load/open-loop.ts'
import type { Selection } from './selection.ts'

/** A value in the measure's unit, undefined when it never came about, and the same in words where a number is not enough. */
export type Measured = { value?: number; words?: string }

export type Measure = {
  title: string
  unit: string
  of: (selection: Selection) => Measured
  /** Of a latency: whose, and which quantile. */
  latency?: { requests: (selection: Selection) => Result[]; quantile: number }
}

export function share(part: number, all: number): Measured {
  if (all === 0) return { words: 'no request' }
  const value = (100 * part) / all
  const percent = part === 0 || part === all ? '' : `${value.toFixed(2)} %, `
  return { value, words: `${percent}${part} of ${all}` }
}

export function largest(values: number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b))
}
