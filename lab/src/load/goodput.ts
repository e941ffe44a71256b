import type { Call } from './client-policy.ts'

/** A call as the load generator records it: `due` is when its first try should have been sent, in milliseconds. */
export type DueCall = Call & { due: number }

export type Goodput = {
  /** First tries that were due: what users ask for, whatever happens to it. */
  offered: number
  /** Requests that reached the wire, retries included. */
  attempts: number
  /** Calls that ended in a 2xx within `patienceMs` of when they were due. */
  good: number
  /** Attempts that helped no user, as the client sees it: abandoned, or answered 2xx after its patience. */
  wasted: number
}

const isSuccess = (status: number) => status >= 200 && status < 300

function isGood(call: DueCall, patienceMs: number): boolean {
  return isSuccess(call.status) && (call.attempts.at(-1)?.done ?? Number.POSITIVE_INFINITY) <= call.due + patienceMs
}

/** Attempts per first try: 1 when nothing is retried. NaN when nothing was offered. */
export function amplification({ offered, attempts }: Goodput): number {
  return attempts / offered
}

/**
 * One row per second since `startMs`, empty seconds included. Calls are counted in the second they were due in, like
 * latencies; attempts in the second they were sent in, because that is when they load the API; wasted ones when they
 * ended.
 */
export function goodputPerSecond(calls: DueCall[], patienceMs: number, startMs: number, seconds: number): Goodput[] {
  const rows = Array.from({ length: seconds }, () => ({ offered: 0, attempts: 0, good: 0, wasted: 0 }))
  const add = (what: keyof Goodput, ms: number) => {
    const row = rows[Math.floor((ms - startMs) / 1000)]
    if (row) row[what]++
  }
  for (const call of calls) {
    const { due, attempts } = call
    add('offered', due)
    if (isGood(call, patienceMs)) add('good', due)
    for (const { sent, done, status, error } of attempts) {
      add('attempts', sent)
      if (error === 'timeout' || (isSuccess(status) && done > due + patienceMs)) add('wasted', done)
    }
  }
  return rows
}

/** The sums of some seconds, of a phase for example. */
export function total(rows: Goodput[]): Goodput {
  const sum = (what: keyof Goodput) => rows.reduce((all, row) => all + row[what], 0)
  return { offered: sum('offered'), attempts: sum('attempts'), good: sum('good'), wasted: sum('wasted') }
}

/**
 * Seconds from second `from` (the end of the trigger) until goodput is back: to the first second that begins `lasting`
 * seconds with good >= share x offered in each. Undefined: not back while it was watched.
 */
export function recoverySeconds(rows: Goodput[], from: number, share = 0.9, lasting = 3): number | undefined {
  for (let at = from; at + lasting <= rows.length; at++) {
    const window = rows.slice(at, at + lasting)
    if (window.every(({ offered, good }) => good >= share * offered)) return at - from
  }
  return undefined
}
