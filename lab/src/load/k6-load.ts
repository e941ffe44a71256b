import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect } from '../api-client.ts'
import { now } from '../clock.ts'
import { UserError } from '../errors.ts'
import type { DroppedEvent, RequestEvent } from './k6-script.ts'
import { type Load, type LoadPhase, type LoadTarget, startMix } from './load.ts'
import { virtualUsers } from './mix.ts'

const script = join(import.meta.dirname, 'k6-script.ts')

/** k6 as the load: a process of its own, which knows all phases from the start and keeps their time by itself. */
export async function startK6Load(target: LoadTarget, token: string, phases: LoadPhase[]): Promise<Load> {
  const pool = connect(target.url, 4, 10_000)
  // Only the notes to read are written here; k6 sends the rest.
  const { acknowledged, refused } = await startMix(pool, token).finally(() => pool.destroy())
  const results: Load['results'] = []
  const dropped: Load['dropped'] = []
  const lastLines: string[] = []
  const wallOffset = Date.now() - now()
  const { promise: begun, resolve, reject } = Promise.withResolvers<number>()

  // When its reader is killed, its next line ends k6: it leaves no load behind.
  const child = spawn('k6', ['run', '--quiet', '--log-format', 'raw', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: '/tmp',
      K6_NO_USAGE_REPORT: 'true',
      K6_AUTO_EXTENSION_RESOLUTION: 'false',
      // What it may keep before it cleans up: in the stack it shares its container's memory with the lab.
      GOMEMLIMIT: '180MiB',
      URL: target.url,
      TOKEN: token,
      USERNAME: target.username,
      PASSWORD: target.password,
      PHASES: JSON.stringify(phases),
      IDS: JSON.stringify([...acknowledged.keys()]),
    },
  })
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', () => resolve('that there is no program k6'))
    child.once('close', (code, signal) => resolve(signal ?? code ?? 'nothing'))
  })
  ended.then((how) => reject(new UserError(`k6 ended with ${how} before the first request. ${lastLines.join(' ')}`)))
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', readLine)
  const startedAt = await begun

  function readLine(line: string): void {
    if (line.startsWith('{"kind"')) addResult(JSON.parse(line))
    else if (line.startsWith('{"dropped"')) addDropped(JSON.parse(line).dropped)
    else if (line.trim() !== '') lastLines.push(line.trim())
    if (lastLines.length > 3) lastLines.shift()
  }

  function addResult({ start, note, refused: id, ...result }: RequestEvent): void {
    resolve(start - wallOffset)
    for (const moment of ['due', 'sent', 'done'] as const) result[moment] -= wallOffset
    results.push(result)
    if (note) acknowledged.set(...note)
    if (id) refused.push(id)
  }

  // k6 tells only how many it dropped in a phase: they count at its middle.
  function addDropped(events: DroppedEvent[]): void {
    for (const { middle, count } of events) dropped.push(...Array(count).fill(startedAt + middle * 1000))
  }

  return {
    generator: 'k6',
    startedAt,
    results,
    dropped,
    maxWaiting: ({ rate }) => virtualUsers(rate),
    acknowledged,
    refused,
    enter() {},
    async stop() {
      const how = await ended
      if (how !== 0) throw new UserError(`INVALID: k6 ended with ${how}. ${lastLines.join(' ')}`)
    },
    async abandon() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
