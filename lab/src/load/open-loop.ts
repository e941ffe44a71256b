import { now } from '../clock.ts'
import { type Answer, type ClientPolicy, createClient } from './client-policy.ts'
import type { Kind, Result } from './figures.ts'

/** One request, which must stop when the signal is aborted. */
export type Request = {
  kind: Kind
  send: (signal: AbortSignal, headers?: Record<string, string>) => Promise<Answer>
}

export type Options = {
  /** Returns the request of the next arrival, which is due at this moment. */
  next: (due: number) => Request
  /** Maximum number of arrivals without an answer: memory is limited. Further ones are dropped and counted. */
  maxInFlight?: number
  /** Where the gaps between random arrivals come from. */
  random?: () => number
  /** Results in order of completion. Several loops can share the lists. */
  results?: Result[]
  /** When the arrivals were due that were not sent because too many waited. */
  dropped?: number[]
  /** Ends retries. */
  end?: AbortSignal
}

/** How arrivals are spaced: `even` as by a metronome, `poisson` at random, as independent users arrive. */
export type ArrivalProcess = 'even' | 'poisson'

/** How the arrivals are spaced, and what their clients do when an answer is late or fails. */
export type Manner = { arrivals?: ArrivalProcess; clients?: ClientPolicy }

const patient: ClientPolicy = { timeoutMs: 10_000, attempts: 1 }

// Between two batches Node reads answers and runs timers, even when more is due than can be sent.
const batch = 100

/**
 * An open model: arrivals follow the clock alone, and a late answer delays none of them. A closed loop (a fixed number of
 * clients that each wait for their answer) slows down together with the server and hides its trouble.
 */
export function openLoop(options: Options) {
  const { next, maxInFlight = 2_000, random = Math.random, results = [], dropped = [], end } = options
  let moments: Iterator<number, never> | undefined
  let nextDue = Number.POSITIVE_INFINITY
  let policy = patient
  let client = createClient(policy, { end })
  const waiting = new Set<Result>()
  let timer: NodeJS.Timeout | undefined
  let drained: (() => void) | undefined

  async function arrive(due: number): Promise<void> {
    if (waiting.size >= maxInFlight) {
      dropped.push(due)
      return
    }
    const { kind, send } = next(due)
    const result: Result = { kind, due, sent: now(), done: 0, status: 0 }
    waiting.add(result)
    const isPlain = policy === patient
    const { attempts, ...outcome } = await client(send)
    Object.assign(result, outcome, { done: now() }, isPlain ? {} : { attempts })
    results.push(result)
    waiting.delete(result)
    if (waiting.size === 0) drained?.()
  }

  function sendDue(): void {
    for (let sent = 0; sent < batch && nextDue <= now(); sent++) {
      arrive(nextDue)
      nextDue = moments?.next().value ?? Number.POSITIVE_INFINITY
    }
  }

  function tick(): void {
    sendDue()
    // Node's timers count whole milliseconds: an arrival is sent up to one late, never early.
    if (moments) timer = setTimeout(tick, Math.max(0, nextDue - now()))
  }

  /** Changes the arrivals per second from now on; 0 pauses. */
  function setRate(perSecond: number, { arrivals: process = 'even', clients = patient }: Manner = {}): void {
    clearTimeout(timer)
    // Arrivals that were due at the old rate are still sent. A generator that is too late for that misses the planned load.
    sendDue()
    // What a client has learned, its budget and its breaker, lasts as long as its policy.
    if (clients !== policy) client = createClient(clients, { end })
    policy = clients
    moments = perSecond > 0 ? arrivals(process, perSecond, now(), random) : undefined
    nextDue = moments?.next().value ?? Number.POSITIVE_INFINITY
    tick()
  }

  /** Ends the arrivals and waits for the answers that are still missing. */
  async function stop(): Promise<void> {
    clearTimeout(timer)
    sendDue()
    moments = undefined
    if (waiting.size > 0) await new Promise<void>((resolve) => (drained = resolve))
  }

  return { results, dropped, setRate, waiting, stop }
}

/**
 * The moments at which requests are due, in milliseconds, without end; the first of even ones is `startMs` itself.
 * `perSecond` is above 0. Even arrivals hardly queue below full utilisation; the theory in models/ is about Poisson
 * arrivals, whose gaps are independent and exponentially distributed. The exponential distribution has no memory, so at
 * a change of the rate the caller begins a new generator there, on the same `random`, and is still exact.
 */
export function* arrivals(
  process: ArrivalProcess,
  perSecond: number,
  startMs: number,
  random: () => number,
): Generator<number, never> {
  const meanGapMs = 1000 / perSecond
  if (process === 'even') for (let count = 0; ; count++) yield startMs + count * meanGapMs
  // Inverse transform: 1 - random() is never 0, so the logarithm is finite.
  for (let due = startMs; ; ) {
    due -= meanGapMs * Math.log(1 - random())
    yield due
  }
}

/** Tommy Ettinger's mulberry32: numbers in [0, 1) from a 32-bit seed; the same seed gives the same run. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
