import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { sleep } from '../clock.ts'
import { UserError } from '../errors.ts'
import { endProcess, identify, type ProcessId } from '../processes.ts'
import type { ApiLog } from './api-log.ts'

const startsWithinMs = 20_000

export type Start = {
  /** The API's main file. */
  main: string
  folder: string
  env: NodeJS.ProcessEnv
  log: ApiLog
  /** Called as soon as the process exists, before it listens. */
  started: (id: ProcessId) => void
}

export type ApiChild = {
  id: ProcessId
  port: number
  metricsPort: number
  /** Says how it ended, as soon as it has and its last log line was read. */
  ended: Promise<string>
  /** SIGTERM, then SIGKILL after 6 s. */
  stop: () => Promise<void>
}

/** Starts the API as a process of its own and waits until it listens; a UserError when it does not. */
export async function startApi({ main, folder, env, log, started }: Start): Promise<ApiChild> {
  log.listening = undefined
  // As in the API's image.
  const child = spawn(process.execPath, ['--max-semi-space-size=4', '--max-old-space-size=96', main], {
    // Not the project's folder: an .env there is meant for another API.
    cwd: folder,
    // Its own process group: Ctrl-C is for the lab, which ends the API when the load has stopped.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  })
  const id = identify(child.pid ?? -1)
  if (id === undefined) throw new UserError('The API could not be started at all.')
  const lastWords: string[] = []
  const hear = (line: string) => {
    lastWords.push(line)
    if (lastWords.length > 5) lastWords.shift()
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.take(line)
    if (log.listening === undefined) hear(line)
  })
  createInterface({ input: child.stderr }).on('line', hear)
  const ended = endOf(child)
  const stop = () => endProcess(id, 6_000)
  try {
    started(id)
    const { port, metrics_port } = await listening(log, ended, lastWords)
    return { id, port, metricsPort: metrics_port, ended, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    // `close` comes after the last log line was read, `exit` before.
    child.once('close', (code, signal) => resolve(signal ? `by ${signal}` : `with exit code ${code}`))
  })
}

async function listening(log: ApiLog, ended: Promise<string>, lastWords: string[]) {
  let end: string | undefined
  ended.then((how) => (end = how))
  for (let waited = 0; waited < startsWithinMs; waited += 20) {
    if (log.listening) return log.listening
    if (end) break
    await sleep(20)
  }
  const how = end ? `ended ${end}` : `did not listen within ${startsWithinMs / 1000} s`
  throw new UserError(`The API did not start: it ${how}. ${wordsOf(lastWords)}`)
}

function wordsOf(lines: string[]): string {
  const missing = lines.map((line) => /Cannot find package '([^']+)'/.exec(line)?.[1]).find(Boolean)
  if (missing) return `The package ${missing} is missing: run npm ci in the project's folder.`
  return lines.length > 0 ? `Its last words:\n  ${lines.join('\n  ')}` : 'It said nothing.'
}
