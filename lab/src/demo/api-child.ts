import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sleep } from '../clock.ts'
import { endProcess, identify, type ProcessId } from '../processes.ts'
import { Sentence } from '../sentence.ts'
import { type ApiLog, keepLog } from './api-log.ts'

const startsWithinMs = 20_000

export type ApiChild = {
  id: ProcessId
  url: string
  metricsUrl: string
  database: string
  username: string
  password: string
  log: ApiLog
  /** Says how it ended, as soon as it has. */
  ended: Promise<string>
  /** SIGTERM, then SIGKILL after 6 s. */
  stop: () => Promise<void>
}

/** Starts the API on a database in this folder and on free ports, and waits until it listens. */
export async function startApi(folder: string, root: string, started: (id: ProcessId) => void): Promise<ApiChild> {
  const username = 'demo'
  const password = randomBytes(18).toString('base64url')
  // A folder of its own: started as root, the API gives it to the user it becomes.
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
  const database = join(folder, 'data', 'notes.db')
  const child = spawn(process.execPath, ['--max-semi-space-size=4', join(root, 'api', 'src', 'main.ts')], {
    // Not the project's folder: an .env there is meant for another API.
    cwd: folder,
    // Its own process group: Ctrl-C is for the demo, which ends the API when the load has stopped.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      METRICS_PORT: '0',
      DATABASE_PATH: database,
      JWT_SECRET: randomBytes(48).toString('base64url'),
      LAB_USERS: `${username}:${password}`,
      // No limit: the lab logs in for all its clients, from one address.
      LOGIN_ATTEMPTS_PER_MINUTE: '0',
      LOG_LEVEL: 'info',
    },
  })
  const id = identify(child.pid ?? -1)
  if (id === undefined) throw new Sentence('The API could not be started at all.')
  const lastWords: string[] = []
  const hear = (line: string) => {
    lastWords.push(line)
    if (lastWords.length > 5) lastWords.shift()
  }
  const log = keepLog()
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
    return {
      id,
      url: `http://127.0.0.1:${port}`,
      metricsUrl: `http://127.0.0.1:${metrics_port}`,
      database,
      username,
      password,
      log,
      ended,
      stop,
    }
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
  throw new Sentence(`The API did not start: it ${how}. ${wordsOf(lastWords)}`)
}

function wordsOf(lines: string[]): string {
  const missing = lines.map((line) => /Cannot find package '([^']+)'/.exec(line)?.[1]).find(Boolean)
  if (missing) return `The package ${missing} is missing: run npm ci in the project's folder.`
  return lines.length > 0 ? `Its last words:\n  ${lines.join('\n  ')}` : 'It said nothing.'
}
