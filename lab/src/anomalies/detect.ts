import { quantile, sorted } from '../load/figures.ts'
import type { SecondRow } from '../runs/journal.ts'

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
type Family = 'traffic' | 'slowness' | 'errors' | 'database' | 'silence'

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

type SeriesName = keyof typeof series

function valueIn(second: SecondRow, name: SeriesName): number | null {
  if (name === 'silent') return second.db_available === null ? 1 : 0
  return second[name]
}

/** The centre of a baseline and how far its values usually lie from it. A few wild seconds do not move the medians. */
const spreads: Record<Tuning['method'], (baseline: number[]) => [center: number, deviation: number]> = {
  mean(baseline) {
    const center = mean(baseline)
    return [center, Math.sqrt(mean(baseline.map((one) => (one - center) ** 2)))]
  },
  median(baseline) {
    const center = median(baseline)
    // For normally distributed values this many median deviations are one standard deviation.
    return [center, 1.4826 * median(baseline.map((one) => Math.abs(one - center)))]
  },
}

/** How far a value lies from its baseline, in deviations; with the mean it is the z-score. */
export function deviations(method: Tuning['method'], value: number, baseline: number[], floor: number): number {
  const [center, deviation] = spreads[method](baseline)
  // Without a floor a series that never moved has no deviation, and the smallest change would be endlessly far away.
  return value === center ? 0 : (value - center) / Math.max(deviation, floor)
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

export function median(values: number[]): number {
  return quantile(sorted(values), 0.5)
}

/** null: not scored, because the value is missing or the baseline is still too short. */
type Scored = { scores: (number | null)[]; alarms: boolean[] }

/**
 * Scores each second against the last `window` calm seconds before it, which are at most `memory` seconds old. Seconds
 * with an alarm do not enter the baseline: otherwise a long outage would become normal. A change that lasts longer than
 * `memory` becomes the new baseline, because no calm second before it is young enough.
 */
export function score(values: (number | null)[], floor: number, tuning: Tuning = defaults): Scored {
  const { threshold, window, warmUp, memory, method } = tuning
  const scores: (number | null)[] = []
  const alarms: boolean[] = []
  let calm: { at: number; value: number }[] = []
  values.forEach((value, at) => {
    calm = calm.filter((one) => one.at >= at - memory).slice(-window)
    const baseline = calm.map((one) => one.value)
    const known = value !== null && baseline.length >= Math.min(warmUp, window)
    const result = known ? deviations(method, value, baseline, floor) : null
    const alarm = result !== null && Math.abs(result) >= threshold
    scores.push(result)
    alarms.push(alarm)
    if (value !== null && !alarm) calm.push({ at, value })
  })
  return { scores, alarms }
}

type ScoredSeries = Scored & { name: SeriesName; family: Family }
export type Detection = { series: ScoredSeries[]; anySeries: boolean[]; combined: boolean[] }

/** All series of a run, each by itself, and combined. */
export function detect(events: SecondRow[], tuning: Tuning = defaults): Detection {
  const names = Object.keys(series) as SeriesName[]
  const found = names.map((name) => {
    const { family, floor }: { family: Family; floor: number } = series[name]
    const values = events.map((second) => valueIn(second, name))
    return { name, family, ...score(values, floor, tuning) }
  })
  const anySeries = events.map((_, i) => found.some((one) => one.family !== 'traffic' && one.alarms[i]))
  return { series: found, anySeries, combined: combine(found, events.length) }
}

const families: Family[] = ['slowness', 'errors', 'database', 'silence']
// Latency wanders for seconds whenever the machine has something else to do: it only counts beside other evidence.
const countsAlone = (family: Family) => family !== 'slowness'
const agreeing = 2
const patience = 3

/**
 * Two families that alarm in one second, or one other than slowness that does so for three in a row. Traffic does not
 * count: it is what clients do to the service, not how the service is.
 */
function combine(found: ScoredSeries[], length: number): boolean[] {
  const inARow = new Map<Family, number>()
  return Array.from({ length }, (_, i) => {
    const alarmed = families.filter((family) => found.some((one) => one.family === family && one.alarms[i]))
    for (const family of families) inARow.set(family, alarmed.includes(family) ? (inARow.get(family) ?? 0) + 1 : 0)
    const lasting = alarmed.filter((family) => countsAlone(family) && (inARow.get(family) ?? 0) >= patience)
    return alarmed.length >= agreeing || lasting.length > 0
  })
}
