import { now, sleep } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import type { Attempt } from './figures.ts'

/** What a client does when an attempt fails: gets no answer in time, or 429, or 5xx. Other answers are final. */
export type ClientPolicy = {
  /** How long the client waits for the answer to one attempt before it abandons it. */
  timeoutMs: number
  /**
   * Abandoning an attempt closes its connection (the default), so that a server can notice. false: the client no longer
   * waits, but its request goes on, as behind a proxy that does not pass the hanging up on.
   */
  hangsUp?: boolean
  /** Most attempts for one call, the first try included: 1 never retries. */
  attempts: number
  /**
   * Pause before retry n: a random part of baseMs x 2^(n-1), or of maxMs if that is less (full jitter). Without it
   * retries are immediate. `jitter: false`: always the whole pause.
   */
  backoff?: { baseMs: number; maxMs: number; jitter?: false }
  /**
   * A retry takes a token from the bucket, a first try adds `share` of one; full at the start. Retries <= share x first
   * tries + bucket.
   */
  budget?: { share: number; bucket: number }
  /**
   * Opens after so many failed attempts in a row: nothing is sent for `openMs`. Then one attempt probes: its success
   * closes.
   */
  breaker?: { failures: number; openMs: number }
  /** Waits at least as long as the answer's Retry-After asks. */
  honoursRetryAfter?: boolean
}

/** The policies that experiments compare; `timeoutMs` belongs to the experiment, relative to what the API can do. */
export function policies(timeoutMs: number) {
  const none: ClientPolicy = { timeoutMs, attempts: 1 }
  const immediate: ClientPolicy = { timeoutMs, attempts: 4 }
  const backoff: ClientPolicy = { ...immediate, backoff: { baseMs: timeoutMs / 5, maxMs: 10 * timeoutMs } }
  return {
    none,
    immediate,
    backoff,
    budget: { ...backoff, budget: { share: 0.1, bucket: 10 } } as ClientPolicy,
    breaker: { ...backoff, breaker: { failures: 10, openMs: timeoutMs } } as ClientPolicy,
  }
}

/** The part of an answer that a client looks at. */
export type Answer = { status: number; headers?: Record<string, string | string[] | undefined> }
/** `status` and `error` are the last attempt's; without any, because the breaker was open, status 0. */
type Call = { status: number; error?: string; attempts: Attempt[] }
type Client = (send: (signal: AbortSignal) => Promise<Answer>) => Promise<Call>

/** `end` stops the pauses and the retries of all calls. */
type Dependencies = { random?: () => number; end?: AbortSignal; now?: () => number; sleep?: typeof sleep }

/**
 * One client process, such as a service in front of the API: budget and breaker count all its calls together. The
 * signal given to `send` is aborted with the attempt, which must close its connection.
 *
 * Our own lines, not cockatiel 4: it has no retry budget, the clock of its breaker cannot be passed in, and while its
 * breaker probes, other calls wait for the outcome instead of failing at once, which would be a second queue in front
 * of the API's.
 */
export function createClient(policy: ClientPolicy, dependencies: Dependencies = {}): Client {
  // When a pause begins depends on the answers, so no seed could repeat a run exactly.
  const { random = Math.random, end, now: clock = now, sleep: wait = sleep } = dependencies
  const { share, bucket } = policy.budget ?? { share: 0, bucket: Number.POSITIVE_INFINITY }
  const breaker = policy.breaker && createBreaker(policy.breaker, clock)
  let tokens = bucket

  function pauseBefore(retry: number, { headers }: Answer): number {
    const { baseMs, maxMs, jitter = true } = policy.backoff ?? { baseMs: 0, maxMs: 0 }
    const pauseMs = (jitter ? random() : 1) * Math.min(maxMs, baseMs * 2 ** (retry - 1))
    const askedMs = policy.honoursRetryAfter ? 1000 * Number(headers?.['retry-after']) : 0
    return Math.max(pauseMs, askedMs || 0)
  }

  return async function call(send) {
    tokens = Math.min(bucket, tokens + share)
    const attempts: Attempt[] = []
    let last: { status: number; error?: string } = { status: 0, error: 'breaker open' }
    while (!end?.aborted) {
      const state = breaker?.enter()
      if (state === 'open') break
      const sent = clock()
      const { headers, ...outcome } = await once(send, policy)
      last = outcome
      attempts.push({ sent, done: clock(), ...last })
      const failed = last.status === 0 || last.status === 429 || last.status >= 500
      breaker?.leave(state === 'probe', failed)
      if (!failed || attempts.length >= policy.attempts || tokens < 1) break
      tokens--
      const pauseMs = pauseBefore(attempts.length, { ...last, headers })
      // Rejects when the load is ended, which the loop sees.
      if (pauseMs > 0) await wait(pauseMs, end).catch(() => {})
    }
    return { ...last, attempts }
  }
}

/** One attempt: its answer, or status 0 as soon as its time is over. */
async function once(
  send: (signal: AbortSignal) => Promise<Answer>,
  { timeoutMs, hangsUp = true }: ClientPolicy,
): Promise<Answer & { error?: string }> {
  const abort = new AbortController()
  const { promise: over, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => (hangsUp ? abort.abort() : reject(new Error('timeout'))), timeoutMs)
  try {
    const { status, headers } = await Promise.race([send(abort.signal), over])
    return { status, headers }
  } catch (error) {
    return { status: 0, error: abort.signal.aborted ? 'timeout' : reasonOf(error) }
  } finally {
    clearTimeout(timer)
  }
}

function createBreaker({ failures, openMs }: { failures: number; openMs: number }, clock: () => number) {
  let inARow = 0
  let openUntil: number | undefined
  let probing = false

  function enter(): 'closed' | 'open' | 'probe' {
    if (openUntil === undefined) return 'closed'
    if (probing || clock() < openUntil) return 'open'
    probing = true
    return 'probe'
  }

  /** While it is open only the probe counts: the others were sent before. */
  function leave(probe: boolean, failed: boolean): void {
    if (probe) probing = false
    else if (openUntil !== undefined) return
    inARow = failed ? inARow + 1 : 0
    openUntil = inARow >= failures ? clock() + openMs : undefined
  }
  return { enter, leave }
}
