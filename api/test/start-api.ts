import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { onPostgres, postgres } from './postgres.ts'

const main = join(import.meta.dirname, '../src/main.ts')
const isRoot = process.getuid?.() === 0

/** The arguments of Node that start the API. It refuses to run as root: for tests of root a launcher makes it nobody. */
export const program = isRoot ? [join(import.meta.dirname, '../../lab/src/targets/run-api.ts'), main] : [main]

// Node hands coverage on by itself, and as another user the API could not write it: it would complain on standard error.
const ofNode = { NODE_V8_COVERAGE: undefined, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }

/** Makes the API's user the owner of a test's file or folder. */
export function giveToApi(path: string) {
  if (isRoot) chownSync(path, 65534, 65534)
}

/** Waits until the condition is true. The bound only ends a test that would hang. */
export async function until(what: string, condition: () => unknown, seconds = 30) {
  for (const end = Date.now() + seconds * 1000; !(await condition()); await sleep(10)) {
    if (Date.now() > end) throw new Error(`did not happen within ${seconds} s: ${what}`)
  }
}

/**
 * On a busy machine the API's waits for PostgreSQL run out: 503, which says that nothing was changed. Asks again, as a client
 * does. An answer that leaves the change in doubt is the test's.
 */
export async function whenServed<T extends { status: number }>(
  send: () => Promise<T>,
  textOf: (answer: T) => Promise<string> | string,
): Promise<T> {
  for (const end = Date.now() + 30_000; ; await sleep(20)) {
    const answer = await send()
    const isLast = !onPostgres || answer.status !== 503 || Date.now() > end
    if (isLast || !(await textOf(answer)).includes('Nothing was changed')) return answer
  }
}

export type LogLine = Record<string, unknown> & { msg: string }
export type Api = {
  url: string
  metricsUrl: string
  folder: string
  /** Empty with PostgreSQL. */
  databasePath: string
  /** Makes every use of the database fail until the returned function is called; resolves when the API has noticed. */
  breakDatabase(): Promise<() => Promise<void> | void>
  env: Record<string, string>
  child: ChildProcess
  /** What it has written to standard error so far. */
  stderr: string[]
  /** Every log line so far. */
  logs: LogLine[]
  /** Resolves to the first matching log line, past or future; rejects when the process ends without one. */
  logged(fits: (line: LogLine) => boolean): Promise<LogLine>
  /** Waits until the login passes: the API serves before it has its users when the database is away at its start. */
  login(name?: string): Promise<string>
  fetch(path: string, init?: RequestInit & { token?: string; json?: unknown }): Promise<Response>
  /** Sends the signal and returns the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts the program where it cannot stay: its output and how it ends. One that listens is ended, with code 0. */
export async function endOf(env: Record<string, string>, folder = tmpdir(), words = program) {
  const secrets = { JWT_SECRET: randomBytes(48).toString('base64'), LAB_USERS: 'demo:password' }
  const full = { PATH: process.env.PATH, ...ofNode, PORT: '0', METRICS_PORT: '0', ...secrets, ...env }
  const child = spawn(process.execPath, words, { cwd: folder, env: full, timeout: 60_000 })
  child.stdout.on('data', (text: string) => text.includes('"msg":"listening"') && child.kill())
  const [stdout, stderr, [code, signal]] = await Promise.all([
    child.stdout.setEncoding('utf8').toArray(),
    child.stderr.setEncoding('utf8').toArray(),
    once(child, 'close'),
  ])
  return { code: code ?? signal, stdout: stdout.join(''), stderr: stderr.join('') }
}

export function newFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'api-test-'))
  giveToApi(folder)
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Returns what the server sends on a new connection until it closes it: for bytes that no client library would send. */
export async function sendRaw(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(bytes)
  let answer = ''
  for await (const chunk of socket.setEncoding('utf8')) answer += chunk
  return answer
}

/**
 * The real program in a process of its own, on free ports and, unless `env` says otherwise, a fresh database. The names
 * in `without` are left out of its environment.
 */
export async function startApi(
  t: Pick<TestContext, 'after'>,
  env: Record<string, string> = {},
  without: string[] = [],
): Promise<Api> {
  const folder = env.DATABASE_PATH ? join(env.DATABASE_PATH, '..') : newFolder(t)
  const full: Record<string, string> & { LAB_USERS: string } = {
    PATH: process.env.PATH ?? '',
    PORT: '0',
    METRICS_PORT: '0',
    // As long as a busy machine may need: a query that runs out of time in the network leaves its change in doubt.
    ...(onPostgres
      ? { DATABASE_URL: env.DATABASE_URL ?? (await postgres.newDatabase()), BUSY_TIMEOUT_MS: '10000' }
      : {}),
    ...(env.DATABASE_URL || onPostgres ? {} : { DATABASE_PATH: join(folder, 'notes.db') }),
    JWT_SECRET: randomBytes(48).toString('base64url'),
    LAB_USERS: `demo:${randomBytes(12).toString('hex')},eve:${randomBytes(12).toString('hex')}`,
    LOGIN_ATTEMPTS_PER_MINUTE: '0',
    ...env,
  }
  const child = spawn(process.execPath, ['--max-semi-space-size=4', '--max-old-space-size=96', ...program], {
    cwd: folder,
    env: { ...ofNode, ...Object.fromEntries(Object.entries(full).filter(([name]) => !without.includes(name))) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit')

  const stderr: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr.push(text)
    process.stderr.write(text)
  })
  const logs: LogLine[] = []
  const waiting = new Set<(line: LogLine) => void>()
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (child.killed && !text.endsWith('}')) return // killed in the middle of a line
    const line = JSON.parse(text) as LogLine
    logs.push(line)
    for (const look of waiting) look(line)
  })
  function logged(fits: (line: LogLine) => boolean): Promise<LogLine> {
    const found = logs.find(fits)
    if (found) return Promise.resolve(found)
    return new Promise((resolve, reject) => {
      waiting.add((line) => fits(line) && resolve(line))
      exited.then(([code, signal]) => reject(new Error(`the API ended (${code ?? signal}) without that log line`)))
    })
  }

  const { port, metrics_port } = await logged((line) => line.msg === 'listening')
  const url = `http://127.0.0.1:${port}`
  const passwords = new Map(full.LAB_USERS.split(',').map((user) => user.split(':') as [string, string]))

  const api: Api = {
    url,
    metricsUrl: `http://127.0.0.1:${metrics_port}/metrics`,
    folder,
    databasePath: full.DATABASE_PATH ?? '',
    env: full,
    async breakDatabase() {
      const repairFile = () => chmodSync(api.databasePath, 0o600)
      const repair = full.DATABASE_URL ? await postgres.revoke() : repairFile
      if (repair === repairFile) chmodSync(api.databasePath, 0)
      // Any other reason may be one of a busy machine, and over.
      await logged((line) => line.msg === 'database unavailable' && line.reason === 'permission')
      return repair
    },
    child,
    stderr,
    logs,
    logged,
    fetch(path, { token, json, ...init } = {}) {
      const headers = new Headers(init.headers)
      // A connection of its own: the API may close an idle one just when a slow machine sends the next request on it.
      headers.set('Connection', 'close')
      if (token) headers.set('Authorization', `Bearer ${token}`)
      if (json !== undefined) headers.set('Content-Type', 'application/json')
      const body = json === undefined ? init.body : JSON.stringify(json)
      const send = () => fetch(url + path, { ...init, headers, body })
      return whenServed(send, (answer) => answer.clone().text())
    },
    async login(name = 'demo') {
      const credentials = { username: name, password: passwords.get(name) }
      let answer: { token?: string } = {}
      await until(`${name} can log in`, async () => {
        const response = await api.fetch('/auth/login', { method: 'POST', json: credentials })
        answer = (await response.json()) as { token?: string }
        return answer.token
      })
      return String(answer.token)
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      return (await exited)[0] as number | null
    },
  }
  return api
}
