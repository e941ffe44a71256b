import type { Pool } from 'undici'
import { ask, connect, dataStatus } from '../api-client.ts'
import { now } from '../clock.ts'
import { reasonOf } from '../errors.ts'

/** What an outside client saw of one request; moments of clock.ts; status 0: no answer. */
export type ProbeSample = { at: number; done: number; status: number; degraded?: boolean; reason?: string }

export type Probe = {
  health: ProbeSample[]
  data: ProbeSample[]
  /** The status of one more data request, on the probe's own connections; 0: no answer. */
  ask: () => Promise<number>
  stop: () => Promise<unknown>
}

const timeoutMs = 5_000

/**
 * Asks /health and one authenticated data request twenty times a second until stopped, on connections of its own: for
 * /health on a new one every time, as whoever looks after a service does, so that it sees whether the door is open.
 */
export function startProbe(url: string, token: string, everyMs = 50): Probe {
  // One slow answer must not keep the next question from being asked.
  const pool = connect(url, 16, timeoutMs)
  const newcomers = connect(url, 16, timeoutMs)
  const health: ProbeSample[] = []
  const data: ProbeSample[] = []
  const look = () => {
    see(newcomers, '/health', undefined).then((sample) => health.push(sample))
    see(pool, '/data/notes?limit=1', token).then((sample) => data.push(sample))
  }
  const timer = setInterval(look, everyMs)
  const stop = () => {
    clearInterval(timer)
    // What is still asked gets its answer: cut off, it would look like a silent API.
    return Promise.all([pool, newcomers].map((one) => one.closed || one.close()))
  }
  return { health, data, ask: () => dataStatus(pool, token), stop }
}

async function see(pool: Pool, path: string, token?: string): Promise<ProbeSample> {
  const at = now()
  try {
    const headers: Record<string, string> = token ? {} : { connection: 'close' }
    const { status, text } = await ask(pool, { method: 'GET', path, token, headers })
    const told = token ? undefined : healthOf(text)
    return { at, done: now(), status, ...told }
  } catch (error) {
    return { at, done: now(), status: 0, reason: reasonOf(error) }
  }
}

function healthOf(text: string): { degraded?: boolean; reason?: string } {
  try {
    const { degraded, database } = JSON.parse(text) as { degraded: boolean; database: { reason: string | null } }
    return { degraded, reason: database.reason ?? undefined }
  } catch {
    return {}
  }
}

/** Milliseconds from a moment to the first sample that was asked after it and is as wanted; undefined when there is none. */
export function firstAfter(
  samples: ProbeSample[],
  moment: number,
  wanted: (sample: ProbeSample) => boolean,
): number | undefined {
  // Answers come in their own order; the earliest one counts.
  const found = samples
    .filter((sample) => sample.done >= moment && wanted(sample))
    .map((sample) => sample.done - moment)
  return found.length > 0 ? Math.min(...found) : undefined
}
