import { now } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import type { Kind, Result } from './figures.ts'

/** One request: `send` returns the status of the answer and must stop when the signal is aborted. */
export type Request = { kind: Kind; send: (signal: AbortSignal) => Promise<number> }

export type Options = {
  /** Returns the request of the next arrival. */
  next: () => Request
  /** Maximum number of requests without an answer: memory is limited. Further arrivals are dropped and counted. */
  maxInFlight?: number
  timeoutMs?: number
  /** Results in order of completion. Several loops can share the lists. */
  results?: Result[]
  /** When the arrivals were due that were not sent because too many waited. */
  dropped?: number[]
}

// Between two batches Node reads answers and runs timers, even when more is due than can be sent.
const batch = 100

/**
 * An open model: arrivals follow the clock alone, evenly spaced, and a late answer delays none of them. A closed loop
 * (a fixed number of clients that each wait for their answer) slows down together with the server and hides its trouble.
 */
export function openLoop({ next, maxInFlight = 2_000, timeoutMs = 10_000, results = [], dropped = [] }: Options) {
  let rate = 0
  let begin = 0
  let count = 0
  const waiting = new Set<Result>()
  let timer: NodeJS.Timeout | undefined
  let drained: (() => void) | undefined

  async function arrive(due: number): Promise<void> {
    if (waiting.size >= maxInFlight) {
      dropped.push(due)
      return
    }
    const { kind, send } = next()
    const result: Result = { kind, due, sent: now(), done: 0, status: 0 }
    waiting.add(result)
    const abort = new AbortController()
    const giveUp = setTimeout(() => abort.abort(), timeoutMs)
    try {
      result.status = await send(abort.signal)
    } catch (error) {
      result.error = abort.signal.aborted ? 'timeout' : reasonOf(error)
    }
    clearTimeout(giveUp)
    result.done = now()
    results.push(result)
    waiting.delete(result)
    if (waiting.size === 0) drained?.()
  }

  const nextDue = () => (rate > 0 ? begin + (count * 1000) / rate : Number.POSITIVE_INFINITY)

  function sendDue(): void {
    for (let sent = 0; sent < batch && nextDue() <= now(); sent++) {
      arrive(nextDue())
      count++
    }
  }

  function tick(): void {
    sendDue()
    // Node's timers count whole milliseconds: an arrival is sent up to one late, never early.
    if (rate > 0) timer = setTimeout(tick, Math.max(0, nextDue() - now()))
  }

  /** Changes the arrivals per second from now on; 0 pauses. */
  function setRate(perSecond: number): void {
    clearTimeout(timer)
    // Arrivals that were due at the old rate are still sent. A generator that is too late for that misses the planned load.
    sendDue()
    rate = perSecond
    begin = now()
    count = 0
    tick()
  }

  /** Ends the arrivals and waits for the answers that are still missing. */
  async function stop(): Promise<void> {
    setRate(0)
    if (waiting.size > 0) await new Promise<void>((resolve) => (drained = resolve))
  }

  return { results, dropped, setRate, waiting, stop }
}
