import { isSuccess, latencyOf, type Result } from '../load/figures.ts'
import { constant, meanWait, meanWaitOf, utilisation } from '../models/queueing.ts'
import { isWithin, type Measure, type Selection } from './selection.ts'

// What queueing theory says of a phase, beside what was measured.

/**
 * The mean wait of the logins of a phase, in milliseconds: measured, at an ideal server with the same arrivals, and by the
 * formulas for constant service (M/D/1) and for service that varies as it was measured (M/G/1). Undefined without a capacity.
 */
export function waitsIn({ run, logins, seconds }: Selection) {
  if (run.capacity === undefined || logins.length === 0) return undefined
  const { perSecond, after = perSecond, alone } = run.capacity
  // The server is occupied for less than a client sees: what it does before and after the hash overlaps with the next one.
  const service = 2 / (perSecond + after)
  const rate = logins.length / seconds
  const varied = { mean: service, variance: alone.variance * (service / alone.mean) ** 2 }
  const dues = logins.map(({ due }) => due / 1000).sort((a, b) => a - b)
  return {
    utilisation: utilisation(rate, constant(service)),
    measured_ms: mean(logins, latencyOf) - 1000 * alone.mean,
    ideal_ms: 1000 * meanWaitOf(dues, service),
    md1_ms: 1000 * meanWait(rate, constant(service)),
    mg1_ms: 1000 * meanWait(rate, varied),
  }
}

export const modelMeasures = {
  utilisation: {
    title: 'utilisation',
    unit: '%',
    of: (selection) => ({ value: orNothing(100 * (waitsIn(selection)?.utilisation ?? Number.NaN)) }),
  },
  mean_wait: { title: 'mean wait', unit: 'ms', of: (selection) => ({ value: waitsIn(selection)?.measured_ms }) },
  wait_off_model: {
    title: 'mean wait, off that of an ideal queue',
    unit: '%',
    of(selection) {
      const { measured_ms = Number.NaN, ideal_ms = 1 } = waitsIn(selection) ?? {}
      const words = `${measured_ms.toFixed(1)} ms for ${ideal_ms.toFixed(1)} ms`
      return { value: orNothing(100 * Math.abs(measured_ms / ideal_ms - 1)), words }
    },
  },
  in_system: {
    title: 'number in the system (L), as the API counts them',
    unit: 'requests',
    of: (selection) => ({ value: inSystem(selection) }),
  },
  little_off: {
    title: 'L, off rate x mean latency',
    unit: '%',
    of(selection) {
      const calls = [...selection.data, ...selection.logins].filter(isSuccess)
      const expected = (calls.length / selection.seconds) * (mean(calls, latencyOf) / 1000)
      const seen = inSystem(selection) ?? Number.NaN
      const words = `${seen.toFixed(2)} for ${expected.toFixed(2)}`
      return { value: orNothing(100 * Math.abs(seen / expected - 1)), words }
    },
  },
} satisfies Record<string, Measure>

function inSystem({ run, from, to }: Selection): number | undefined {
  const seen = run.metrics.filter(({ at }) => isWithin(at, from, to)).flatMap(({ active = [] }) => active)
  return seen.length > 0 ? seen.reduce((sum, one) => sum + one) / seen.length : undefined
}

function mean(results: Result[], of: (one: Result) => number): number {
  return results.reduce((sum, one) => sum + of(one), 0) / results.length
}

function orNothing(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
