// What comes from outside is checked here: the environment, the values of options, JSON files.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { reasonOf, UserError } from './errors.ts'

const root = join(import.meta.dirname, '..', '..')
export const sloFile = join(root, 'slo.json')
export const runsFolder = join(root, 'runs')

/** The socket of the long-running lab. It is set in the stack's container and nowhere else. */
export const LAB_SOCKET = process.env.LAB_SOCKET || undefined
// Outside of the container these variables may belong to any other program.
const stackEnv: NodeJS.ProcessEnv = LAB_SOCKET ? process.env : {}
export const recordFile = stackEnv.LAB_RECORD ?? join(runsFolder, 'session.db')
/** Who has it may act on the live page of the stack. */
export const labToken = stackEnv.LAB_TOKEN || randomBytes(18).toString('base64url')
export const prometheusUrl = stackEnv.PROMETHEUS_URL ?? 'http://127.0.0.1:9090'

/** Returns the API of the stack and the first of its users, as whom the lab logs in; undefined outside of its container. */
export function stackOf() {
  if (!LAB_SOCKET) return undefined
  const { API_URL = '', API_METRICS_URL = '', DATABASE_PATH = '', DATABASE_URL, LAB_USERS = '' } = stackEnv
  // A password may hold colons.
  const [, username, password] = /^([^:,]+):([^,]+)/.exec(LAB_USERS) ?? []
  if (!username || !password) throw new UserError('LAB_USERS is missing: name:password,name:password')
  return {
    ...{ url: API_URL, metricsUrl: API_METRICS_URL, username, password },
    ...{ database: DATABASE_PATH, server: DATABASE_URL, socket: LAB_SOCKET },
  }
}

/** The same where nothing works without it. */
export function needStack() {
  const stack = stackOf()
  if (stack) return stack
  throw new UserError("This runs in the container of the stack's lab only: its LAB_SOCKET is missing here.")
}

/** A value as it was given: LENGTH=abc to make, --port abc to the program itself. */
function given(name: string, value: string): string {
  return name.startsWith('--') ? `${name} ${value}` : `${name}=${value}`
}

export function oneOf<T extends string>(name: string, value: string, values: readonly T[]): T {
  if (values.includes(value as T)) return value as T
  throw new UserError(`${given(name, value)}: must be one of ${values.join(', ')}.`)
}

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const dayMs = 86_400_000

/** Returns `500ms`, `10s`, `5m` or `1h` as milliseconds. */
export function duration(name: string, value: string): number {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value) ?? []
  const ms = Number(amount) * (units[unit] ?? Number.NaN)
  if (ms >= 100 && ms <= dayMs) return ms
  throw new UserError(`${given(name, value)}: give a time from 100ms to 24h, such as 30s, 10m or 1h.`)
}

/** `isWhole`: there is half a second, but neither half a run nor half a port. */
export function number(name: string, value: string, from: number, to: number, isWhole: boolean): number {
  const parsed = Number(value)
  if (value.trim() !== '' && parsed >= from && parsed <= to && (!isWhole || Number.isInteger(parsed))) return parsed
  throw new UserError(`${given(name, value)}: give a ${isWhole ? 'whole ' : ''}number from ${from} to ${to}.`)
}

/** Reads a JSON file of this shape. Throws a UserError that says what is wrong with it. */
export function readJson<T>(file: string, schema: z.ZodType<T>): T {
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UserError(`${file} cannot be read (${reasonOf(error)}).`)
  }
  return parseJson(content, schema, file)
}

/** Reads JSON of this shape; `where` names its place to the user. */
export function parseJson<T>(text: string, schema: z.ZodType<T>, where: string): T {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw new UserError(`${where} is no JSON (${reasonOf(error)}).`)
  }
  const { data, error } = schema.safeParse(content)
  if (error === undefined) return data
  // Of a thousand seconds the first few that are wrong are enough.
  const issues = z.prettifyError({ issues: error.issues.slice(0, 5) })
  throw new UserError(`${where} does not hold what it should:\n${issues}`)
}
