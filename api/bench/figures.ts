/** The value below which the fraction q of all values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = Number.NaN, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}

/** Three significant digits for a reader: 0.42, 6.3, 118, 5,210. */
export function show(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Between which values the middle half of the rounds lies: one that another program disturbed does not widen it. */
export function quartiles(values: readonly number[]): string {
  return `${show(quantile(values, 0.25))} to ${show(quantile(values, 0.75))}`
}

/** The smallest and the largest of the rounds. */
export function spread(values: readonly number[]): string {
  return `${show(Math.min(...values))} to ${show(Math.max(...values))}`
}

/** The order of a round: each round starts one further, so that no one always comes after the same neighbour. */
export function rotated<T>(items: readonly T[], round: number): T[] {
  const cut = round % items.length
  return [...items.slice(cut), ...items.slice(0, cut)]
}
