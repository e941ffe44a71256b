import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect } from '../api-client.ts'
import { now } from '../clock.ts'
import { UserError } from '../errors.ts'
import type { Phase } from '../runner/experiment.ts'
import { say, wrap } from '../runner/screen.ts'
import type { Target } from '../targets/target.ts'
import { placeDropped } from './k6-dropped.ts'
import type { DroppedEvent, RequestEvent } from './k6-script.ts'
import type { Load } from './load.ts'
import { mix } from './mix.ts'
import type { Result } from './open-loop.ts'

const script = join(import.meta.dirname, 'k6-script.ts')

/** k6 as the load: a process of its own, which knows all phases from the start and keeps their time by itself. */
export async function startK6Load(target: Target, token: string, phases: Phase[]): Promise<Load> {
  const pool = connect(target.url, 4, 10_000)
  const notes = mix(pool, token)
  await notes.prepare(50).finally(() => pool.destroy())
  const { acknowledged } = notes
  const results: Load['results'] = []
  const dropped: Load['dropped'] = []
  const byScenario = new Map<string, Result[]>()
  const lastWords: string[] = []
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
  ended.then((how) => reject(new UserError(`k6 ended with ${how} before the first request. ${lastWords.join(' ')}`)))
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', hear)
  }
  const startedAt = await begun

  function hear(line: string): void {
    if (line.startsWith('{"kind"')) take(JSON.parse(line))
    else if (line.startsWith('{"dropped"')) takeDropped(JSON.parse(line).dropped)
    else if (line.trim() !== '') lastWords.splice(0, lastWords.length - 2, line.trim())
  }

  function take({ kind, scenario, start, due, took, done, status, error, note }: RequestEvent): void {
    resolve(start - wallOffset)
    // k6's clock counts whole milliseconds: what it measured of the request itself is finer.
    const sent = Math.max(due, done - took)
    const result = {
      kind,
      due: due - wallOffset,
      sent: sent - wallOffset,
      done: sent + took - wallOffset,
      status,
      error,
    }
    results.push(result)
    byScenario.get(scenario)?.push(result) ?? byScenario.set(scenario, [result])
    if (note) acknowledged.set(...note)
  }

  function takeDropped(told: DroppedEvent[]): void {
    for (const { scenario, start, rate, count } of told) {
      if (count > 0)
        dropped.push(...placeDropped(byScenario.get(scenario) ?? [], count, startedAt + start * 1000, 1000 / rate))
    }
  }

  return {
    generator: 'k6',
    startedAt,
    results,
    dropped,
    acknowledged,
    enter() {},
    async stop() {
      const how = await ended
      if (how !== 0) throw new UserError(`INVALID: k6 ended with ${how}. ${lastWords.join(' ')}`)
      // It is told only now, and until then every later request seemed to have been due too early.
      const remark = 'Behind one of them the lines above show too long a time; what follows does not.'
      if (dropped.length > 0) say(wrap(`k6 dropped ${dropped.length} requests. ${remark}`))
    },
    async abandon() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function spawnK6(env: Record<string, string>): ChildProcess {
  // What it writes after its reader was killed ends it: it leaves no load behind.
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
