// A symbol, so that nothing read from a journal can pretend to be HTML.
const markup = Symbol('markup')

/** Text that is HTML already. */
export type Html = { readonly [markup]: string }

type Value = Html | string | number | null | undefined | false | Value[]

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A template in which every value is escaped unless it is Html itself; nothing is written for null and false. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  return trusted(String.raw({ raw: strings }, ...values.map(text)))
}

/** What a value becomes in the page. */
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
