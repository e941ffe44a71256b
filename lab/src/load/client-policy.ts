import { now, sleep } from '../clock.ts'
import { reasonOf } from '../errors.ts'

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
   * retries are immediate.
   */
  backoff?: { baseMs: number; maxMs: number }
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

/** What one attempt was answered; `retryAfterMs` is NaN or missing where there was no such header. */
export type Answer = { status: number; retryAfterMs?: number }
/** Moments are those of `now`. Status 0: no answer came, `error` says why; 'timeout': the client abandoned it. */
export type Attempt = { sent: number; done: number; status: number; error?: string }
/** `status` is the last attempt's, 0 without any. `gaveUpAt`: no retry was left, or none allowed, after a failure. */
export type Call = { status: number; attempts: Attempt[]; gaveUpAt?: number }
export type Client = (send: (signal: AbortSignal) => Promise<Answer>, signal?: AbortSignal) => Promise<Call>

type Dependencies = { random: () => number; now?: () => number; sleep?: typeof sleep }

/**
 * One client process, such as a service in front of the API: budget and breaker count all its calls together. The
 * signal given to `send` is aborted with the attempt, which must close its connection. `signal` ends a whole call
 * early, pauses included.
 *
 * Our own lines, not cockatiel 4: it has no retry budget, the clock of its breaker cannot be passed in, and while its
 * breaker probes, other calls wait for the outcome instead of failing at once, which would be a second queue in front
 * of the API's.
 */
export function createClient(policy: ClientPolicy, dependencies: Dependencies): Client {
  const { random, now: clock = now, sleep: wait = sleep } = dependencies
  const { share, bucket } = policy.budget ?? { share: 0, bucket: Number.POSITIVE_INFINITY }
  const breaker = policy.breaker && createBreaker(policy.breaker, clock)
  let tokens = bucket

  function pauseBefore(retry: number, { retryAfterMs = 0 }: Answer): number {
    const { baseMs, maxMs } = policy.backoff ?? { baseMs: 0, maxMs: 0 }
    const pauseMs = random() * Math.min(maxMs, baseMs * 2 ** (retry - 1))
    return policy.honoursRetryAfter ? Math.max(pauseMs, retryAfterMs || 0) : pauseMs
  }

  return async function call(send, signal) {
    tokens = Math.min(bucket, tokens + share)
    const attempts: Attempt[] = []
    let status = 0
    while (!signal?.aborted) {
      const state = breaker?.enter()
      if (state === 'open') break
      const sent = clock()
      const { error, ...answer } = await once(send, policy, signal)
      status = answer.status
      attempts.push({ sent, done: clock(), status, ...(error && { error }) })
      const failed = status === 0 || status === 429 || status >= 500
      breaker?.leave(state === 'probe', failed)
      if (!failed) return { status, attempts }
      if (attempts.length >= policy.attempts || tokens < 1) break
      tokens--
      const pauseMs = pauseBefore(attempts.length, answer)
      // Rejects when the call is ended, which the loop sees.
      if (pauseMs > 0) await wait(pauseMs, signal).catch(() => {})
    }
    return { status, attempts, gaveUpAt: clock() }
  }
}

/** One attempt: its answer, or status 0 as soon as its time is over or the call is ended. */
async function once(
  send: (signal: AbortSignal) => Promise<Answer>,
  { timeoutMs, hangsUp = true }: ClientPolicy,
  outer?: AbortSignal,
): Promise<Answer & { error?: string }> {
  const controller = new AbortController()
  const { promise: over, reject } = Promise.withResolvers<never>()
  const end = (reason: string, abort: boolean) => {
    reject(new Error(reason))
    if (abort) controller.abort()
  }
  const timer = setTimeout(end, timeoutMs, 'timeout', hangsUp)
  const stop = () => end('stopped', true)
  outer?.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([send(controller.signal), over])
  } catch (error) {
    return { status: 0, error: reasonOf(error) }
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', stop)
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
