import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { giveToApi, program } from '../test/start-api.ts'
import { note } from './note.ts'
import type { Variant } from './variants.ts'

const tmpfs = 0x01021994

// In memory an fsync costs nothing, and the cost of a commit is one of the questions here.
const base = process.platform === 'linux' && statfsSync(tmpdir()).type === tmpfs ? '/var/tmp' : tmpdir()
export const folder = mkdtempSync(join(base, 'api-bench-'))
giveToApi(folder)

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
})

export type Used = { cpuMicroseconds: number; rss: number }
export type Server = {
  url: string
  pid: number
  databasePath: string
  credentials: { username: string; password: string }
  token: string
  /** The path of an existing note. */
  notePath: string
  /** What the process has used so far, as it reports itself. */
  used(): Promise<Used>
  stop(): Promise<void>
}

const inherited = ['PATH', 'NODE_OPTIONS', 'MALLOC_MMAP_THRESHOLD_', 'MALLOC_ARENA_MAX']
let started = 0

/** A server in a process of its own, on a free port and a new database: the complete API with `settings`, or a variant of it. */
export async function startServer(variant: Variant | 'complete', settings = {}): Promise<Server> {
  const name = `${started++}-${variant}`
  const databasePath = join(folder, name, 'notes.db')
  const logPath = join(folder, `${name}.log`)
  const credentials = { username: 'demo', password: randomBytes(12).toString('hex') }
  const env = {
    // With the memory settings that the launcher gives the API too, if it does.
    ...Object.fromEntries(inherited.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
    PORT: '0',
    METRICS_PORT: '0',
    DATABASE_PATH: databasePath,
    JWT_SECRET: randomBytes(48).toString('base64url'),
    LAB_USERS: `${credentials.username}:${credentials.password}`,
    LOGIN_ATTEMPTS_PER_MINUTE: '0',
    ...settings,
  }
  const words = variant === 'complete' ? program : [join(import.meta.dirname, 'variants.ts'), variant]
  const log = openSync(logPath, 'a')
  const child = spawn(
    process.execPath,
    [
      '--max-semi-space-size=4',
      '--max-old-space-size=96',
      '--import',
      join(import.meta.dirname, 'observed.ts'),
      ...words,
    ],
    { env, stdio: ['ignore', log, 'inherit', 'ipc'] },
  )
  closeSync(log)
  running.add(child)
  const exited = once(child, 'exit').then(() => running.delete(child))

  const known =
    variant === 'complete' ? await completeIsReady(child, logPath, credentials) : await variantIsReady(child)
  return {
    ...known,
    pid: child.pid as number,
    databasePath,
    credentials,
    async used() {
      const answer = once(child, 'message')
      child.send('used')
      return (await answer)[0] as Used
    },
    async stop() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

type Ready = { url: string; token: string; notePath: string }

async function variantIsReady(child: ChildProcess): Promise<Ready> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('a variant of the API did not start')))
  return ((await Promise.race([once(child, 'message'), ended])) as [Ready])[0]
}

async function completeIsReady(child: ChildProcess, logPath: string, credentials: object): Promise<Ready> {
  const url = `http://127.0.0.1:${await loggedPort(child, logPath)}`
  const post = async (path: string, body: object, token = '') => {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }
    return (await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })).json()
  }
  const { token } = (await post('/auth/login', credentials)) as { token: string }
  const { id } = (await post('/data/notes', note, token)) as { id: string }
  return { url, token, notePath: `/data/notes/${id}` }
}

async function loggedPort(child: ChildProcess, logPath: string): Promise<number> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline && child.exitCode === null; await sleep(20)) {
    const line = /.*"msg":"listening".*/.exec(readFileSync(logPath, 'utf8'))
    if (line) return (JSON.parse(line[0]) as { port: number }).port
  }
  throw new Error(`the API did not start: ${readFileSync(logPath, 'utf8') || 'it logged nothing'}`)
}
