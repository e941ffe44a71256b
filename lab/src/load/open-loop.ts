import { now } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import type { Kind, Result } from './load.ts'

/** One request: `send` returns the status of the answer and must stop when the signal is aborted. */
export type Request = { kind: Kind; send: (signal: AbortSignal) => Promise<number> }

export type Options = {
  /** Returns the request of the next arrival. */
  next: () => Request
  /** Maximum number of requests without an answer: memory is limited. Further arrivals are dropped and counted. */
  maxInFlight?: number
  timeoutMs?: number
  /** No arrival is due later than this after the start. */
  limitMs: number
  /** Lists that several loops share; by default each loop has its own. */
  results?: Result[]
  dropped?: number[]
}

export type OpenLoop = {
  /** In order of completion. */
  results: Result[]
  /** When the arrivals were due that were not sent because too many waited. */
  dropped: number[]
  /** Changes the arrivals per second from now on; 0 pauses. */
  setRate: (perSecond: number) => void
  inFlight: () => number
  /** Ends the arrivals and waits for the answers that are still missing. */
  stop: () => Promise<void>
}

// Between two batches Node reads answers and runs timers, even when more is due than can be sent.
const batch = 100

/**
 * An open model: arrivals follow the clock alone, evenly spaced, and a late answer delays none of them. A closed loop
 * (a fixed number of clients that each wait for their answer) slows down together with the server and hides its trouble.
 */
export function openLoop({
  next,
  maxInFlight = 2_000,
  timeoutMs = 10_000,
  limitMs,
  results = [],
  dropped = [],
}: Options): OpenLoop {
  const end = now() + limitMs
  let pending = 0
  let rate = 0
  let begin = 0
  let count = 0
  let timer: NodeJS.Timeout | undefined
  let again: NodeJS.Immediate | undefined
  let drained: (() => void) | undefined

  function arrive(due: number): void {
    if (pending >= maxInFlight) {
      dropped.push(due)
      return
    }
    pending++
    const { kind, send } = next()
    const result: Result = { kind, due, sent: now(), done: 0, status: 0 }
    const abort = new AbortController()
    const giveUp = setTimeout(() => abort.abort(), timeoutMs)
    send(abort.signal)
      .then(
        (status) => {
          result.status = status
        },
        (error) => {
          result.error = abort.signal.aborted ? 'timeout' : reasonOf(error)
        },
      )
      .then(() => {
        clearTimeout(giveUp)
        result.done = now()
        results.push(result)
        pending--
        if (pending === 0) drained?.()
      })
  }

  function nextDue(): number {
    return begin + (count * 1000) / rate
  }

  function tick(): void {
    for (let sent = 0; rate > 0; sent++) {
      const due = nextDue()
      const wait = due - now()
      if (due >= end) return
      // Node's timers count whole milliseconds: an arrival is sent up to one late, never early.
      if (wait > 0) {
        timer = setTimeout(tick, wait)
        return
      }
      if (sent >= batch) {
        again = setImmediate(tick)
        return
      }
      count++
      arrive(due)
    }
  }

  function setRate(perSecond: number): void {
    clearTimeout(timer)
    clearImmediate(again)
    // Arrivals that were due under the old rate are still sent; a generator too late for that shows as load not reached.
    for (let i = 0; i < batch && rate > 0 && nextDue() <= now() && nextDue() < end; i++)
      arrive(begin + (count++ * 1000) / rate)
    rate = perSecond
    begin = now()
    count = 0
    tick()
  }

  function stop(): Promise<void> {
    setRate(0)
    return pending === 0 ? Promise.resolve() : new Promise((resolve) => (drained = resolve))
  }

  return { results, dropped, setRate, inFlight: () => pending, stop }
}
