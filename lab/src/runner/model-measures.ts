import { isSuccess, quantile, type Result, sorted } from '../load/figures.ts'
import { constant, meanWait, meanWaitOf, measured, utilisation } from '../models/queueing.ts'
import { isWithin, judgedPhases, type Measure, type Selection } from './selection.ts'

// What queueing theory says of a phase, beside what was measured.

/**
 * The mean wait of the logins of a phase, in milliseconds: measured, at an ideal server with the same arrivals, and by the
 * formulas for constant service (M/D/1) and for service that varies as it was measured (M/G/1). Undefined for a phase in
 * which no login waited, or each did.
 */
export function waitsIn({ logins, seconds }: Selection) {
  const { idle, busy } = serviceTimes(logins)
  if (idle.length === 0 || busy.length === 0) return undefined
  const [first, next] = [measured(idle).mean, measured(busy)]
  const rate = logins.length / seconds
  // From the sending, and not from due: a timer of the lab is up to a millisecond late, which is no wait of the API.
  const arrivals = logins.map(({ sent }) => sent / 1000).sort((a, b) => a - b)
  return {
    utilisation: utilisation(rate, next),
    service_ms: 1000 * next.mean,
    measured_ms: mean(logins, ({ sent, done }) => done - sent) - 1000 * first,
    ideal_ms: 1000 * meanWaitOf(arrivals, first, next.mean),
    md1_ms: 1000 * meanWait(rate, constant(next.mean)),
    mg1_ms: 1000 * meanWait(rate, next),
  }
}

/**
 * Seconds that a login keeps the server busy, as clients see it. `idle`: of logins that found no other, from request to
 * answer. `busy`: of logins that waited, from the answer before to their own, which is less: what happens before and
 * after the hash overlaps with other hashes. A processor of a shared machine changes its speed within minutes, so they
 * are measured in the phase that they explain.
 */
function serviceTimes(logins: Result[]) {
  const [idle, busy]: [number[], number[]] = [[], []]
  const answered = logins.filter(isSuccess).sort((a, b) => a.done - b.done)
  for (const [i, { sent, done }] of answered.entries()) {
    const before = answered[i - 1]?.done
    if (before === undefined || sent > before) idle.push((done - sent) / 1000)
    else if (sent < before - arriveMs) busy.push((done - before) / 1000)
  }
  return { idle, busy }
}

/** After so long a login has surely reached the queue. */
const arriveMs = 3

export const modelMeasures = {
  mean_wait: { title: 'mean wait', unit: 'ms', of: (selection) => ({ value: waitsIn(selection)?.measured_ms }) },
  wait_off_model: {
    title: 'mean wait, off that of an ideal queue (the median of the loads)',
    unit: '%',
    of({ run, slo }) {
      // Below, the wait is a few milliseconds and as long as what else happens to a request; above, luck decides.
      const judged = judgedPhases(run, slo).flatMap(({ selection }) => waitsIn(selection) ?? [])
      const inside = judged.filter((one) => isWithin(one.utilisation, 0.4, 0.85))
      const off = inside.map(({ measured_ms, ideal_ms }) => 100 * Math.abs(measured_ms / ideal_ms - 1))
      const words = off.map((one) => `${one.toFixed(0)} %`).join(', ')
      return { value: off.length < 3 ? undefined : quantile(sorted(off), 0.5), words }
    },
  },
  in_system: {
    title: 'number in the system (L), as the API counts them',
    unit: 'requests',
    of: (selection) => ({ value: inSystem(selection) }),
  },
  little_off: {
    title: 'L, by the API and by its clients, off rate x mean latency',
    unit: '%',
    of(selection) {
      const calls = [...selection.data, ...selection.logins].filter(isSuccess)
      const expected = (calls.length / selection.seconds) * (mean(calls, ({ sent, done }) => done - sent) / 1000)
      const [api = Number.NaN, clients] = [inSystem(selection), waitingClients(selection)]
      const words = `${api.toFixed(2)} and ${clients.toFixed(2)} for ${expected.toFixed(2)}`
      const value = Math.max(...[api, clients].map((one) => 100 * Math.abs(one / expected - 1)))
      return { value: Number.isFinite(value) ? value : undefined, words }
    },
  },
} satisfies Record<string, Measure>

function inSystem({ run, from, to }: Selection): number | undefined {
  const seen = run.metrics.filter(({ at }) => isWithin(at, from, to)).flatMap(({ active = [] }) => active)
  return seen.length > 0 ? seen.reduce((sum, one) => sum + one) / seen.length : undefined
}

/** How many requests the clients were waiting for on average: each counts for its share of the phase. */
function waitingClients({ run, from, to }: Selection): number {
  const within = run.results.map(({ sent, done }) => Math.max(0, Math.min(done, to) - Math.max(sent, from)))
  return within.reduce((sum, one) => sum + one, 0) / (to - from)
}

function mean(results: Result[], of: (one: Result) => number): number {
  return results.reduce((sum, one) => sum + of(one), 0) / results.length
}
