import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect } from '../api-client.ts'
import { now } from '../clock.ts'
import { UserError } from '../errors.ts'
import type { Result } from './figures.ts'
import type { DroppedEvent, RequestEvent } from './k6-script.ts'
import { type Load, type LoadPhase, type LoadTarget, startMix } from './load.ts'

const script = join(import.meta.dirname, 'k6-script.ts')

/** k6 as the load: a process of its own, which knows all phases from the start and keeps their time by itself. */
export async function startK6Load(target: LoadTarget, token: string, phases: LoadPhase[]): Promise<Load> {
  const pool = connect(target.url, 4, 10_000)
  // Only the notes to read are written here; k6 sends the rest.
  const { acknowledged } = await startMix(pool, token).finally(() => pool.destroy())
  const results: Load['results'] = []
  const dropped: Load['dropped'] = []
  const remarks: Load['remarks'] = []
  const byScenario = new Map<string, Result[]>()
  const lastLines: string[] = []
  const wallOffset = Date.now() - now()
  const { promise: begun, resolve, reject } = Promise.withResolvers<number>()

  const child = spawnK6({
    URL: target.url,
    TOKEN: token,
    USERNAME: target.username,
    PASSWORD: target.password,
    PHASES: JSON.stringify(phases),
    IDS: JSON.stringify([...acknowledged.keys()]),
  })
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', () => resolve('that there is no program k6'))
    child.once('close', (code, signal) => resolve(signal ?? code ?? 'nothing'))
  })
  ended.then((how) => reject(new UserError(`k6 ended with ${how} before the first request. ${lastLines.join(' ')}`)))
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', readLine)
  }
  const startedAt = await begun

  function readLine(line: string): void {
    if (line.startsWith('{"kind"')) addResult(JSON.parse(line))
    else if (line.startsWith('{"dropped"')) addDropped(JSON.parse(line).dropped)
    else if (line.trim() !== '') lastLines.splice(0, lastLines.length - 2, line.trim())
  }

  function addResult({ kind, scenario, start, status, error, note, ...event }: RequestEvent): void {
    resolve(start - wallOffset)
    const [due, sent, done] = [event.due - wallOffset, event.sent - wallOffset, event.done - wallOffset]
    const result = { kind, due, sent, done, status, error }
    results.push(result)
    byScenario.get(scenario)?.push(result) ?? byScenario.set(scenario, [result])
    if (note) acknowledged.set(...note)
  }

  function addDropped(events: DroppedEvent[]): void {
    for (const { scenario, start, rate, count } of events) {
      if (count > 0)
        dropped.push(...placeDropped(byScenario.get(scenario) ?? [], count, startedAt + start * 1000, 1000 / rate))
    }
    // k6 reports it only now, and until then every later request seemed to have been due too early.
    if (dropped.length > 0)
      remarks.push(
        `k6 dropped ${dropped.length} requests. The latencies printed after the first of them are too long; the results below are right.`,
      )
  }

  return {
    generator: 'k6',
    startedAt,
    results,
    dropped,
    acknowledged,
    remarks,
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

/**
 * k6 numbers only the arrivals that it sends, so every request after a dropped one seems to have been due an interval
 * too early, to the end of its scenario: a stall of a second would look like a second of latency for all that follow.
 * No request is sent before it is due, so no more were dropped before it than whole intervals lie between the two, for it
 * and for each that follows. Corrects `due`; returns the moments at which the `count` dropped ones were due.
 */
export function placeDropped(results: Result[], count: number, start: number, intervalMs: number): number[] {
  const sent = new Set<number>()
  let before = count
  for (const one of results.toSorted((a, b) => b.due - a.due)) {
    // k6's clock counts whole milliseconds.
    before = Math.min(before, Math.floor((one.sent - one.due + 1) / intervalMs))
    one.due += before * intervalMs
    sent.add(Math.round((one.due - start) / intervalMs))
  }
  const all = Array.from({ length: results.length + count }, (_, number) => number)
  return all.filter((number) => !sent.has(number)).map((number) => start + number * intervalMs)
}

function spawnK6(env: Record<string, string>): ChildProcess {
  // When its reader is killed, its next line ends k6: it leaves no load behind.
  return spawn('k6', ['run', '--quiet', '--log-format', 'raw', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: '/tmp',
      K6_NO_USAGE_REPORT: 'true',
      K6_AUTO_EXTENSION_RESOLUTION: 'false',
      // What it may keep before it cleans up: in the stack it shares its container's memory with the lab.
      GOMEMLIMIT: '220MiB',
      ...env,
    },
  })
}
