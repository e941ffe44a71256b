/** How far a value lies from its baseline, in deviations. `floor` has the series' own unit: see `series.ts`. */
export type Score = (value: number, baseline: number[], floor: number) => number

/** From the mean, in standard deviations. */
export const zScore: Score = (value, baseline, floor) => {
  const center = mean(baseline)
  const deviation = Math.sqrt(mean(baseline.map((one) => (one - center) ** 2)))
  return inDeviations(value - center, deviation, floor)
}

// For normally distributed values this many median deviations are one standard deviation.
const madToDeviation = 1.4826

/** From the median, in median absolute deviations: a few wild seconds in the baseline do not move it. */
export const robustScore: Score = (value, baseline, floor) => {
  const center = median(baseline)
  const deviation = median(baseline.map((one) => Math.abs(one - center)))
  return inDeviations(value - center, madToDeviation * deviation, floor)
}

function inDeviations(distance: number, deviation: number, floor: number): number {
  // Without a floor a series that never moved has no deviation, and the smallest change would be endlessly far away.
  return distance === 0 ? 0 : distance / Math.max(deviation, floor)
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
