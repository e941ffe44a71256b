import { isSuccess, type Result } from './figures.ts'

export type Goodput = {
  /** First tries that were due: what users ask for, whatever happens to it. */
  offered: number
  /** Requests on the wire, retries included. */
  attempts: number
  /** First tries that ended in a 2xx before their client lost patience. */
  good: number
  /** Attempts that their client abandoned. */
  abandoned: number
}

/**
 * One row per second since `startMs`, empty seconds included. Arrivals are counted in the second they were due in, like
 * latencies; attempts in the second they were sent in, because that is when they load the API; abandoned ones when that
 * happened. `dropped`: when the arrivals were due that were never sent.
 */
export function goodputPerSecond(results: Result[], dropped: number[], startMs: number, seconds: number): Goodput[] {
  const rows = Array.from({ length: seconds }, () => ({ offered: 0, attempts: 0, good: 0, abandoned: 0 }))
  const add = (what: keyof Goodput, ms: number) => {
    const row = rows[Math.floor((ms - startMs) / 1000)]
    if (row) row[what]++
  }
  for (const due of dropped) add('offered', due)
  for (const result of results) {
    add('offered', result.due)
    if (isSuccess(result)) add('good', result.due)
    for (const { sent, done, error } of result.attempts ?? [result]) {
      add('attempts', sent)
      if (error === 'timeout') add('abandoned', done)
    }
  }
  return rows
}

/** The same of some results and dropped arrivals, whatever their seconds. */
export function goodputOf(results: Result[], dropped: number): Goodput {
  const attempts = results.flatMap((one) => one.attempts ?? [one])
  return {
    offered: results.length + dropped,
    attempts: attempts.length,
    good: results.filter(isSuccess).length,
    abandoned: attempts.filter(({ error }) => error === 'timeout').length,
  }
}

/**
 * Seconds until goodput is back: to the first second that begins `lasting` seconds with good >= share x offered in each.
 * Undefined: not back while it was watched.
 */
export function recoverySeconds(rows: Goodput[]): number | undefined {
  const [share, lasting] = [0.9, 3]
  for (let at = 0; at + lasting <= rows.length; at++) {
    const window = rows.slice(at, at + lasting)
    if (window.every(({ offered, good }) => good >= share * offered)) return at
  }
  return undefined
}
