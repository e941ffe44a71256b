import type { Pool } from 'undici'
import { ask, connect, probes } from '../api-client.ts'
import { now } from '../clock.ts'
import type { ApiState } from '../targets/target.ts'

/** What an outside client saw of one request. Moments of clock.ts; status 0: no answer. `health`: the status in the body of /health. */
export type ProbeSample = { at: number; done: number; status: number; degraded?: boolean; health?: string }

const timeoutMs = 5_000

/**
 * Sends a request to /health and an authenticated read every `everyMs` until stopped, on its own connections. For /health it
 * opens a new one each time, as a load balancer does, so that it sees whether the API accepts any.
 */
export function startProbe(url: string, token: string, everyMs = 50) {
  // One slow answer must not delay the next request.
  const pool = connect(url, 16, timeoutMs)
  const fresh = connect(url, 16, timeoutMs)
  const health: ProbeSample[] = []
  const data: ProbeSample[] = []
  const sample = () => {
    probeOnce(fresh, '/health').then((sample) => health.push(sample))
    probeOnce(pool, probes.read.path, token).then((sample) => data.push(sample))
  }
  const timer = setInterval(sample, everyMs)
  const stop = async () => {
    clearInterval(timer)
    // Waits for the answers that are still missing: cut off, they would look like a silent API.
    await Promise.all([pool, fresh].map((one) => one.closed || one.close()))
  }
  return { health, data, stop }
}

/** Sends one request and returns what a client saw of it. */
export async function probeOnce(pool: Pool, path: string, token?: string): Promise<ProbeSample> {
  const at = now()
  try {
    const headers: Record<string, string> = token ? {} : { connection: 'close' }
    const { status, text } = await ask(pool, { method: 'GET', path, token, headers })
    return { at, done: now(), status, ...(!token && healthIn(text)) }
  } catch {
    return { at, done: now(), status: 0 }
  }
}

function healthIn(text: string): Pick<ProbeSample, 'degraded' | 'health'> {
  try {
    const { degraded, status } = JSON.parse(text)
    return { degraded, health: status }
  } catch {
    return {}
  }
}

const silentMs = 2_000

/** What /health says, by its last answer: `none` after a failed one, and after two seconds of silence. */
export function healthOf(last?: ProbeSample): ApiState['health'] {
  if (last === undefined || now() - last.done > silentMs) return 'none'
  return (last.health as ApiState['health'] | undefined) ?? 'none'
}

type Seen = Pick<ProbeSample, 'done' | 'status' | 'degraded'>

/** Milliseconds from a moment to the first answer after it that is as wanted; `answers` are in order of completion. */
export function firstAfter(answers: Seen[], moment: number, wanted: (answer: Seen) => boolean): number | undefined {
  const found = answers.find((one) => one.done >= moment && wanted(one))
  return found && found.done - moment
}
