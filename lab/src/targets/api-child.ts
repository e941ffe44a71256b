import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { sleep } from '../clock.ts'
import { reasonOf, UserError } from '../errors.ts'

const startsWithinMs = 20_000
const launcher = join(import.meta.dirname, 'run-api.ts')

/** `main`: the API's main file. `folder`: its working directory. */
type Start = { main: string; folder: string; env: NodeJS.ProcessEnv; log: ApiLog }

type ApiChild = {
  port: number
  metricsPort: number
  process: ChildProcess
  /** Resolves with how it ended, after its last log line was read. */
  ended: Promise<string>
  /** Sends SIGTERM, then SIGKILL after 6 s. */
  stop: () => Promise<void>
}

/** Starts the API as a process of its own and waits until it listens. Throws a UserError when it does not. */
export async function startApi({ main, folder, env, log }: Start): Promise<ApiChild> {
  log.listening = undefined
  const ports = () => log.listening
  // The limits of the heap are those of the API's image.
  const child = spawn(process.execPath, ['--max-semi-space-size=4', '--max-old-space-size=96', launcher, main], {
    // Not the project's folder: an .env there is meant for another API.
    cwd: folder,
    // A process group of its own: Ctrl-C is for the lab, which stops the API after the load.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
  })
  const lastLines: string[] = []
  const hear = (line: string) => {
    lastLines.push(line)
    if (lastLines.length > 5) lastLines.shift()
  }
  child.once('error', (error) => hear(reasonOf(error)))
  createInterface({ input: child.stdout as Readable }).on('line', (line) => {
    log.take(line)
    if (log.listening === undefined) hear(line)
  })
  createInterface({ input: child.stderr as Readable }).on('line', hear)
  // `close` comes after the last log line was read, `exit` before.
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ? `by ${signal}` : `with exit code ${code}`))
  })
  let end: string | undefined
  ended.then((how) => (end = how))
  async function stop(): Promise<void> {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 6_000)
    await ended
    clearTimeout(timer)
  }
  for (let waited = 0; waited < startsWithinMs && end === undefined; waited += 20) {
    const listening = ports()
    if (listening) return { ...listening, process: child, ended, stop }
    await sleep(20)
  }
  const how = end ? `ended ${end}` : `did not listen within ${startsWithinMs / 1000} s`
  await stop()
  throw new UserError(`The API did not start: it ${how}. Its last lines:\n  ${lastLines.join('\n  ')}`)
}

type Line = { msg?: string; db_unavailable?: boolean; request_id?: string; port?: number; metrics_port?: number }

/** What the lab needs of the API's log. */
export type ApiLog = {
  /** The ports, once it listens. */
  listening?: { port: number; metricsPort: number }
  /** The id of each request that was refused because the database was unavailable. */
  refusals: Set<string>
  /** Every line but those of successful requests, at most `mostKept` and one that says so. */
  kept: string[]
  /** Called with every line. */
  heard?: (line: string) => void
  take: (line: string) => void
}

const mostKept = 20_000

/** Reads the API's log line by line and keeps what is judged, and what explains a failure afterwards. */
export function keepLog(): ApiLog {
  const log: ApiLog = { refusals: new Set(), kept: [], take }

  function take(text: string): void {
    log.heard?.(text)
    // Most lines are successful requests: they are recognized without parsing.
    if (/"status":[23]\d\d[,}]/.test(text)) return
    if (log.kept.length < mostKept) log.kept.push(text)
    else log.kept[mostKept] ??= JSON.stringify({ msg: `the lab kept the first ${mostKept} lines, no more` })
    const line = parse(text)
    if (line?.msg === 'listening' && line.port && line.metrics_port) {
      log.listening = { port: line.port, metricsPort: line.metrics_port }
    } else if (line?.db_unavailable === true && line.request_id !== undefined) {
      log.refusals.add(line.request_id)
    }
  }
  return log
}

function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line
  } catch {
    return undefined
  }
}
