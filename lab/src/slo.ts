import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { reasonOf, UserError } from './errors.ts'

const goal = z.object({
  rate: z.number(),
  duration_seconds: z.number(),
  quantile: z.number(),
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

/** Reads the service goals. Throws a UserError that names every number that is missing. */
export function loadSlo(file: string): Slo {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UserError(`${file} cannot be read as JSON (${reasonOf(error)}): it holds the service goals.`)
  }
  const { data, error } = sloSchema.safeParse(content)
  if (data) return data
  const missing = error.issues.map(({ path }) => path.join('.') || 'goals')
  throw new UserError(`${file} lacks numbers, or has something else in their place: ${missing.join(', ')}.`)
}
