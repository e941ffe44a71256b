import { count } from '../load/figures.ts'

// A symbol, so that nothing read from a journal can pretend to be HTML.
const markup = Symbol('markup')

/** Text that is HTML already. */
export type Html = { readonly [markup]: string }

export type Value = Html | string | number | null | undefined | false | Value[]

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Escapes every value in a template unless it is Html itself; writes nothing for null and false. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  return trusted(String.raw({ raw: strings }, ...values.map(text)))
}

/** Returns what a value becomes in the page. */
export function text(value: Value): string {
  if (Array.isArray(value)) return value.map(text).join('')
  if (value === null || value === undefined || value === false) return ''
  if (typeof value === 'object' && markup in value) return value[markup]
  return String(value).replace(/[&<>"']/g, (one) => entities[one] ?? one)
}

/** The project's own text, such as a style sheet, as it is. */
export function trusted(html: string): Html {
  return { [markup]: html }
}

/** Data for a script tag of type application/json: nothing in it can end the tag. */
export function json(data: unknown): Html {
  return trusted(JSON.stringify(data).replaceAll('<', '\\u003c'))
}

/** Writes a number with three digits, since more would only pretend; a dash for what was not measured. */
export function number(value: number | null | undefined, digits = 3): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return '–'
  return Math.abs(value) >= 10 ** (digits - 1) ? count(Math.round(value)) : String(Number(value.toPrecision(digits)))
}

/** 2026-11-22T18:03:05.123Z → 2026-11-22 18:03 UTC */
export function calendar(started: string): string {
  return `${started.slice(0, 16).replace('T', ' ')} UTC`
}

/** 2026-11-22T18:03:05.123Z, or its milliseconds since 1970 → 18:03:05 UTC */
export function clock(at: string | number): string {
  return `${new Date(at).toISOString().slice(11, 19)} UTC`
}

export function percent(share: number | null | undefined): string {
  return typeof share === 'number' ? `${number(100 * share)} %` : '–'
}

export function milliseconds(value: number | null | undefined): string {
  return typeof value === 'number' ? `${number(value)} ms` : '–'
}
