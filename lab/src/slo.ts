import { readFileSync } from 'node:fs'
import { reasonOf, UserError } from './errors.ts'

/** One goal: at `rate` requests a second, `quantile` of them answered within `latency_ms`, at most `error_ratio` failed. */
export type Goal = { rate: number; duration_seconds: number; quantile: number; latency_ms: number; error_ratio: number }

export type Slo = {
  goals: { baseline: Goal; peak: Goal }
  outage: { refusal_p99_ms: number; degraded_within_ms: number; recovered_within_ms: number }
}

/** Reads the service goals; a UserError that names what is missing when the file is not as it should be. */
export function loadSlo(file: string): Slo {
  let slo: Slo
  try {
    slo = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UserError(`${file} cannot be read as JSON (${reasonOf(error)}): it holds the service goals.`)
  }
  const goal = ['rate', 'duration_seconds', 'quantile', 'latency_ms', 'error_ratio']
  const missing = [
    ...lacking(slo.goals?.baseline, goal).map((name) => `goals.baseline.${name}`),
    ...lacking(slo.goals?.peak, goal).map((name) => `goals.peak.${name}`),
    ...lacking(slo.outage, ['refusal_p99_ms', 'degraded_within_ms', 'recovered_within_ms']).map(
      (name) => `outage.${name}`,
    ),
  ]
  if (missing.length > 0) throw new UserError(`${file} lacks these numbers: ${missing.join(', ')}.`)
  return slo
}

function lacking(object: object | undefined, names: string[]): string[] {
  return names.filter((name) => typeof (object as Record<string, unknown> | undefined)?.[name] !== 'number')
}
