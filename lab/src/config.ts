// What comes from outside is checked here: the environment, the values of options, JSON files.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { reasonOf, UserError } from './errors.ts'

const root = join(import.meta.dirname, '..', '..')
export const sloFile = join(root, 'slo.json')
export const runsFolder = join(root, 'runs')

/** The socket of the long-running lab. It is set in the stack's container and nowhere else. */
export const LAB_SOCKET = process.env.LAB_SOCKET || undefined
// Outside of the container these variables may belong to any other program: there, only options count.
const stackEnv = LAB_SOCKET ? process.env : ({} as NodeJS.ProcessEnv)
const { API_URL, API_METRICS_URL, DATABASE_PATH, PROMETHEUS_URL, LAB_RECORD } = stackEnv
/** The PostgreSQL server of the stack, where its API uses one. */
export const databaseServer = stackEnv.DATABASE_URL
export const metricsUrl = API_METRICS_URL ?? 'http://127.0.0.1:9464'
export const recordFile = LAB_RECORD ?? join(runsFolder, 'session.db')
export const prometheusUrl = PROMETHEUS_URL ?? 'http://127.0.0.1:9090'

export type ApiOptions = { url?: string; metrics?: string; database?: string; user?: string }
/** Who has it may act on the live page of the stack. */
export const labToken = (LAB_SOCKET && process.env.LAB_TOKEN) || randomBytes(18).toString('base64url')

type User = { username: string; password: string }

/** The users in LAB_USERS, `name:password,name:password`; a password may hold colons. */
function users(): User[] {
  const entries = (process.env.LAB_USERS ?? '').split(',').filter((entry) => entry.includes(':'))
  return entries.map((entry) => {
    const colon = entry.indexOf(':')
    return { username: entry.slice(0, colon), password: entry.slice(colon + 1) }
  })
}

/** Returns the address of a running API and the user to log in as. */
export function apiOf({ url = API_URL ?? 'http://127.0.0.1:8080', user }: ApiOptions): { url: string } & User {
  if (!URL.canParse(url) || !url.startsWith('http'))
    throw new UserError(`--url ${url}: give an address such as http://127.0.0.1:8080`)
  const username = user ?? users()[0]?.username ?? 'demo'
  const password = process.env.LAB_PASSWORD ?? users().find((one) => one.username === username)?.password
  if (password) return { url, username, password }
  throw new UserError(`The password of ${username} is missing: set LAB_PASSWORD, or LAB_USERS=${username}:password.`)
}

/** Returns the running API that an experiment shall use; undefined when the experiment starts its own. */
export function stackOf(given: ApiOptions) {
  if (given.url === undefined && API_URL === undefined) return undefined
  const metrics = given.metrics ?? API_METRICS_URL ?? ''
  if (!URL.canParse(metrics)) throw new UserError("Name the address of the API's metrics: --metrics URL.")
  const api = apiOf(given)
  return {
    ...api,
    metricsUrl: new URL(metrics).origin,
    database: databaseOf(given.database),
    socket: LAB_SOCKET,
  }
}

export function databaseOf(given = DATABASE_PATH): string {
  if (given) return given
  throw new UserError("Name the API's database file: --database FILE.")
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

export function number(name: string, value: string, from: number, to: number): number {
  const parsed = Number(value)
  if (value.trim() !== '' && parsed >= from && parsed <= to) return parsed
  throw new UserError(`${given(name, value)}: give a number from ${from} to ${to}.`)
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

const mostIssues = 5

/** Reads JSON of this shape; `where` names its place to the user. */
export function parseJson<T>(text: string, schema: z.ZodType<T>, where: string): T {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw new UserError(`${where} is no JSON (${reasonOf(error)}).`)
  }
  const { data, error } = schema.safeParse(content)
  if (data) return data
  const issues = error?.issues ?? []
  const named = issues.slice(0, mostIssues).map(({ path, message }) => `${path.join('.') || 'the whole'} (${message})`)
  const more = issues.length > mostIssues ? ` and ${issues.length - mostIssues} more` : ''
  throw new UserError(`${where} does not hold what it should: ${named.join(', ')}${more}.`)
}
