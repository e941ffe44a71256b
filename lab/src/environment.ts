import { UserError } from './errors.ts'
import type { StackOptions } from './targets/stack.ts'

/** The socket of the running lab, where there is one: outage, recover and status ask it. */
export const { LAB_SOCKET } = process.env
const { API_URL = 'http://127.0.0.1:8080' } = process.env

/** The API to act on: its address, its database and who logs in there. */
export function apiOf({ database, url = API_URL, user = firstUser() }: Record<string, string | undefined>) {
  if (!URL.canParse(url) || !url.startsWith('http'))
    throw new UserError(`--url ${url}: give an address such as http://127.0.0.1:8080`)
  return { database: databaseOf(database), url, username: user, password: passwordOf(user) }
}

/** The API that an experiment is to use; undefined when it is to start its own. */
export function stackOf(given: Record<string, string | undefined>): StackOptions | undefined {
  if (given.url === undefined && process.env.API_URL === undefined) return undefined
  const { metrics = process.env.API_METRICS_URL, ...rest } = given
  if (!metrics) throw new UserError("Name the address of the API's metrics: --metrics URL, or API_METRICS_URL.")
  return {
    ...apiOf(rest),
    metricsUrl: metrics,
    socket: LAB_SOCKET,
  }
}

function firstUser(): string {
  return process.env.LAB_USERS?.split(':')[0] || 'demo'
}

export function databaseOf(given = process.env.DATABASE_PATH): string {
  if (given) return given
  throw new UserError("Name the API's database file: --database FILE, or DATABASE_PATH in the environment.")
}

function passwordOf(user: string): string {
  const { LAB_PASSWORD, LAB_USERS = '' } = process.env
  const entry = LAB_USERS.split(',').find((one) => one.startsWith(`${user}:`))
  const password = LAB_PASSWORD ?? entry?.slice(user.length + 1)
  if (password) return password
  throw new UserError(
    `The password of ${user} is taken from the environment: LAB_PASSWORD=..., or LAB_USERS=${user}:...`,
  )
}

// Before the imports that need them: an unfinished installation deserves more than a stack trace.
export function checkPackages(): void {
  for (const name of ['undici', 'better-sqlite3']) {
    try {
      import.meta.resolve(name)
    } catch {
      throw new UserError(`The package ${name} is missing: run npm ci in the project's folder.`)
    }
  }
}
