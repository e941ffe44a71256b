/** Numbers as the page writes them: three digits where more would only pretend; a dash for what was not measured. */

export function number(value: number | null | undefined): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return '–'
  return String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
}

export function percent(value: number | null | undefined): string {
  return typeof value === 'number' ? `${number(Math.round(value * 10_000) / 100)} %` : '–'
}

export function milliseconds(value: number | null | undefined): string {
  return typeof value === 'number' ? `${number(value)} ms` : '–'
}
