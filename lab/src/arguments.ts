import { parseArgs } from 'node:util'
import { UserError } from './errors.ts'

/**
 * The options of one command, `--name value`, and its flags, `--name`, whose value is "yes"; a UserError that lists the
 * right ones when there is any other word.
 */
export function options(args: string[], names: string[], flags: string[] = []): Record<string, string | undefined> {
  const all = [...names, ...flags]
  const known = Object.fromEntries(all.map((name) => [name, { type: typeOf(name) }]))
  function typeOf(name: string) {
    return flags.includes(name) ? ('boolean' as const) : ('string' as const)
  }
  try {
    const values = Object.entries(parseArgs({ args, options: known }).values)
    return Object.fromEntries(values.map(([name, value]) => [name, value === true ? 'yes' : String(value)]))
  } catch (error) {
    const first = (error as Error).message.split('. ')[0]
    throw new UserError(`${first}. The options are: ${all.map((name) => `--${name}`).join(', ')}.`)
  }
}

export function oneOf<T extends string>(name: string, value: string, right: readonly T[]): T {
  if (right.includes(value as T)) return value as T
  throw new UserError(`--${name} ${value}: the right ones are ${right.join(', ')}.`)
}

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const dayMs = 86_400_000

/** `500ms`, `10s`, `5m` or `1h` as milliseconds. */
export function duration(name: string, value: string): number {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value) ?? []
  const ms = Number(amount) * (units[unit] ?? Number.NaN)
  if (ms >= 100 && ms <= dayMs) return ms
  throw new UserError(`--${name} ${value}: give a time from 100ms to 24h, such as 30s, 10m or 1h.`)
}

export function number(name: string, value: string, from: number, to: number): number {
  const parsed = Number(value)
  if (value.trim() !== '' && parsed >= from && parsed <= to) return parsed
  throw new UserError(`--${name} ${value}: give a number from ${from} to ${to}.`)
}
