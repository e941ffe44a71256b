import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { connect, dataStatus, logIn } from '../src/api-client.ts'
import { now, sleep } from '../src/clock.ts'
import { faults, kindsOn } from '../src/faults/all.ts'
import { openEmbedded } from '../src/targets/embedded.ts'
import type { Target } from '../src/targets/target.ts'
import { makeTempFolder } from '../src/targets/temp-folder.ts'

export const root = join(import.meta.dirname, '..', '..')
export const main = join(root, 'lab', 'src', 'main.ts')

/** A test, or a whole test file: whatever can do something when it is over. */
export type Scope = { after: (end: () => unknown) => void }

/** A folder that is removed after the test. An API that a lab of root starts as another user may pass through it. */
export function scratchFolder(t: Scope): string {
  const folder = mkdtempSync('/tmp/lab-test-')
  chmodSync(folder, 0o711)
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Why no small disk can be mounted here; false when one can. */
export const noDisk = spawnSync('unshare', ['--mount', 'true']).status !== 0 && 'no small disk can be mounted here'

/** The faults that need nothing but the database file of a running API. */
export const fileKinds = kindsOn({}).filter((kind) => !faults[kind].needs)

/** A database of its own, with no API. */
export function scratchDatabase(t: Scope): string {
  const path = join(scratchFolder(t), 'notes.db')
  new Database(path).exec('CREATE TABLE notes (id INTEGER PRIMARY KEY)').close()
  return path
}

export type Api = Target & {
  token: string
  probe: (operation?: 'read' | 'write') => Promise<number>
  env: NodeJS.ProcessEnv
}

/** The real API on a database of its own, ended after the test or the file. */
export async function api(t: Scope, settings?: Record<string, string>, apiMain?: string): Promise<Api> {
  const folder = await makeTempFolder()
  t.after(folder.clear)
  const target = await openEmbedded(folder.path, settings, apiMain)
  t.after(target.stop)
  const pool = connect(target.url, 4, 5_000)
  t.after(() => pool.destroy())
  const token = await logIn(pool, target.url, target.username, target.password)
  const env = { ...process.env, LAB_USERS: `${target.username}:${target.password}` }
  return { ...target, token, probe: (operation) => dataStatus(pool, token, operation), env }
}

/** What the container of the stack's lab has in its environment. */
export function stackEnv({ env, url, metricsUrl, database }: Api, socket: string): NodeJS.ProcessEnv {
  return { ...env, LAB_SOCKET: socket, API_URL: url, API_METRICS_URL: metricsUrl, DATABASE_PATH: database }
}

export type Run = { child: ChildProcess; out: () => string; ended: Promise<number | NodeJS.Signals> }

/** `terminal`: it has one, and what is written to its stdin is typed. */
export type LabOptions = { env?: NodeJS.ProcessEnv; main?: string; terminal?: boolean }

/** Starts a command of the lab; it is killed after the test if it still runs. */
export function lab(t: Scope, args: string[], options: LabOptions = {}): Run {
  const command = [process.execPath, options.main ?? main, ...args]
  const [file = '', ...rest] = options.terminal ? inTerminal(command) : command
  const stdin = options.terminal ? 'pipe' : 'ignore'
  const child = spawn(file, rest, { stdio: [stdin, 'pipe', 'pipe'], env: options.env ?? process.env })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (text += data))
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code ?? -1))
  })
  t.after(() => child.kill('SIGKILL'))
  return { child, out: () => text, ended }
}

function inTerminal(command: string[]): string[] {
  return ['script', '-qec', command.map((word) => `'${word}'`).join(' '), '/dev/null']
}

/** Waits until a command has printed something; fails with its output when it ends before. */
export async function says(run: Run, words: string | RegExp): Promise<void> {
  let end: number | string | undefined
  run.ended.then((how) => (end = how))
  await until(`it says "${words}"`, () => run.out().search(words) >= 0 || end !== undefined)
  if (run.out().search(words) < 0) throw new Error(`it ended with ${end} and never said "${words}", but:\n${run.out()}`)
}

/** Waits until something is so; fails, and says what it waited for, after `seconds`. */
export async function until(what: string, isSo: () => unknown, seconds = 60): Promise<void> {
  const deadline = now() + seconds * 1000
  do {
    if (await isSo()) return
    await sleep(20)
  } while (now() < deadline)
  throw new Error(`not within ${seconds} s: ${what}`)
}

export function mode(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8).padStart(4, '0')
}
