import { z } from 'zod'
import { readJson } from './config.ts'

const goal = z.object({
  rate: z.number(),
  duration_seconds: z.number(),
  quantile: z.number().refine((one) => [0.95, 0.99].includes(one), 'must be 0.95 or 0.99'),
  latency_ms: z.number(),
  error_ratio: z.number(),
})

export const sloSchema = z.object({
  goals: z.object({ baseline: goal, peak: goal }),
  outage: z.object({ refusal_p99_ms: z.number(), degraded_within_ms: z.number(), recovered_within_ms: z.number() }),
})

/** One goal: at `rate` requests a second, `quantile` of them answered within `latency_ms`, at most `error_ratio` failed. */
export type Goal = z.infer<typeof goal>
export type Slo = z.infer<typeof sloSchema>

/** Reads the service goals. */
export function loadSlo(file: string): Slo {
  return readJson(file, sloSchema)
}

/** The goal that holds for so many data requests a second; none without any. */
export function goalAt(rate: number, { goals }: Slo): Goal | null {
  if (rate === 0) return null
  return rate <= goals.baseline.rate ? goals.baseline : goals.peak
}
