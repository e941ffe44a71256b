import { figures, isSuccess, lagOf, quantileOf, statusesOf } from '../load/figures.ts'
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
  /** The one that held for the load of this second: that of data requests, none without them. */
  goal: Pick<Goal, 'rate' | 'latency_ms'> | null
}

type Others = ApiState & Pick<Second, 'fault' | 'goal'>

/** Makes a row every second of what the clients met; keeps two minutes. */
export function createSeconds() {
  const rows: Second[] = []
  let seen: Omit<Met, 'sample'>[] = []

  function close(others: Others): Second {
    const sum = (what: 'begun' | 'sent' | 'dropped') => seen.reduce((all, one) => all + one[what], 0)
    const [done, dropped] = [seen.flatMap(({ calls }) => calls), sum('dropped')]
    const { due, failed, p50_ms, p95_ms, p99_ms } = figures(done, dropped)
    const failures = done.filter((one) => !isSuccess(one))
    const second = {
      at: Date.now(),
      offered: sum('begun') + dropped,
      sent: sum('sent'),
      good: due - failed,
      failed,
      abandoned: goodputOf(done, dropped).abandoned,
      ...{ p50: p50_ms, p95: p95_ms, p99: p99_ms },
      waiting: seen.at(-1)?.inFlight ?? 0,
      lag: done.length > 0 ? quantileOf(done, lagOf, 0.99) : 0,
      statuses: { ...statusesOf(failures), ...(dropped > 0 && { 'not sent': dropped }) },
      ...others,
    }
    seen = []
    rows.push(second)
    if (rows.length > kept) rows.shift()
    return second
  }
  return { rows, add: (met: Omit<Met, 'sample'>) => void seen.push(met), close }
}
