import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadSlo } from '../../lab/src/slo.ts'
import { colors } from './colors.ts'
import type { Line } from './panels/panel.ts'

const root = join(import.meta.dirname, '../..')
const slo = loadSlo(join(root, 'slo.json'))
const { baseline, peak } = slo.goals
const seconds = (ms: number) => ms / 1000

/** The service goals in the units of Prometheus: seconds and ratios. */
export const goals = {
  baseline: { ...baseline, seconds: seconds(baseline.latency_ms) },
  peak: { ...peak, seconds: seconds(peak.latency_ms) },
  outage: {
    refusalSeconds: seconds(slo.outage.refusal_p99_ms),
    degradedSeconds: seconds(slo.outage.degraded_within_ms),
    recoveredSeconds: seconds(slo.outage.recovered_within_ms),
  },
}

/** A dashed, labelled line at a fixed value. It is a series, so the axis includes it and the legend names it. */
export function goalLine(name: string, value: number): Line {
  return { name, expr: `vector(${value})`, color: colors.goal, dashed: true }
}

// Both lines are grey and dashed: the legend says which is which.
export const latencyGoals = [goals.baseline, goals.peak].map(({ rate, seconds, latency_ms }) =>
  goalLine(`goal at ${rate}/s: ${latency_ms} ms`, seconds),
)
export const errorGoals = [baseline, peak].map(({ rate, error_ratio }) =>
  goalLine(`goal at ${rate}/s: ${100 * error_ratio} %`, error_ratio),
)

/** The memory that compose.yaml allows the API, in bytes. */
export const memoryLimit = () => 2 ** 20 * numberIn('compose.yaml', /^ {2}api:\n(?: {4}.*\n)*? {4}mem_limit: (\d+)m$/m)

/** The connections that the API accepts at a time. */
export const connectionLimit = () => numberIn('api/src/server.ts', /^const maxConnections = (\w+)/m)

function numberIn(file: string, pattern: RegExp): number {
  const found = pattern.exec(readFileSync(join(root, file), 'utf8'))?.[1]
  if (found === undefined) throw new Error(`${file} has nothing like ${pattern}`)
  return Number(found.replaceAll('_', ''))
}
