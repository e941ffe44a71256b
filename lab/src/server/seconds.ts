import { figures, isSuccess, lagOf, quantileOf, type Result, statusesOf } from '../load/figures.ts'
import type { Met } from '../load/follow.ts'
import { goodputOf } from '../load/goodput.ts'
import type { Goal } from '../slo.ts'
import type { ApiState } from '../targets/target.ts'

const kept = 120

/** One second as the page shows it; the answers are those that came in it. */
export type Second = ApiState & {
  at: number
  /** Calls that were due, and requests that were sent for them: more with retries. */
  offered: number
  sent: number
  good: number
  failed: number
  /** Requests for whose answer no client waited any longer. */
  abandoned: number
  p50: number | null
  p95: number | null
  p99: number | null
  waiting: number
  /** How late the requests were sent, p99 in milliseconds. */
  lag: number
  statuses: Record<string, number>
  fault: string | null
  /** The one that held for the load of this second. */
  goal: Pick<Goal, 'rate' | 'latency_ms'>
}

type Others = ApiState & Pick<Second, 'fault' | 'goal'>

/** Adds up what the clients meet and makes a row of it every second; keeps two minutes. */
export function createSeconds() {
  const rows: Second[] = []
  let [done, offered, sent, dropped, waiting] = [[] as Result[], 0, 0, 0, 0]

  function add(met: Omit<Met, 'sample'>): void {
    for (const one of met.calls) done.push(one)
    offered += met.begun + met.dropped
    sent += met.sent
    dropped += met.dropped
    waiting = met.inFlight
  }

  function close(others: Others): Second {
    const { due, failed, p50_ms, p95_ms, p99_ms } = figures(done, dropped)
    const failures = done.filter((one) => !isSuccess(one))
    const statuses = { ...statusesOf(failures), ...(dropped > 0 && { 'not sent': dropped }) }
    const lag = done.length > 0 ? quantileOf(done, lagOf, 0.99) : 0
    const latencies = { p50: p50_ms, p95: p95_ms, p99: p99_ms, lag }
    const { abandoned } = goodputOf(done, dropped)
    const counts = { offered, sent, good: due - failed, failed, abandoned, waiting }
    const second = { at: Date.now(), ...counts, ...latencies, statuses, ...others }
    ;[done, offered, sent, dropped] = [[], 0, 0, 0]
    rows.push(second)
    if (rows.length > kept) rows.shift()
    return second
  }
  return { rows, add, close }
}
