import { quantile, sorted } from '../load/figures.ts'
import { largest, type Measure, type Measured } from './measure.ts'
import type { MetricsReading } from './metrics-page.ts'
import { isWithin, type Selection, select } from './selection.ts'

/** What an attack cost the API, and everybody else. */
export const costMeasures = {
  p95_rise: {
    title: 'p95 above that of the phase before',
    unit: 'ms',
    of: p95Rise,
    latency: { requests: ({ data }) => data, quantile: 0.95 },
  },
  memory_rise: { title: "the API's memory rose by", unit: 'MB', of: memoryRise },
  connections_rise: { title: 'open connections rose by', unit: 'connections', of: connectionsRise },
} satisfies Record<string, Measure>

function p95Rise({ run, slo, from, data }: Selection): Measured {
  const before = run.phases.findLast(({ start }) => start < from)
  const p95 = (results = select(run, slo, before?.plan.name)?.data ?? []) =>
    quantile(sorted(results.map(({ due, done }) => done - due)), 0.95)
  const [was, is] = [p95(), p95(data)]
  if (before === undefined || Number.isNaN(is - was)) return {}
  return { value: is - was, words: `${(is - was).toFixed(1)} ms (${was.toFixed(1)} to ${is.toFixed(1)})` }
}

function memoryRise(selection: Selection): Measured {
  const { before, most } = extremes(selection, ({ resident_bytes }) => resident_bytes)
  if (before === undefined || most === undefined) return { words: 'not readable' }
  const megabytes = (bytes: number) => Math.round(bytes / 1e6)
  const value = megabytes(most - before)
  return { value, words: `${value} MB (${megabytes(before)} to ${megabytes(most)})` }
}

function connectionsRise(selection: Selection): Measured {
  const { before, most } = extremes(selection, ({ open_connections }) => open_connections)
  if (before === undefined || most === undefined) return { words: 'not readable' }
  return { value: most - before, words: `${most - before} (${before} to ${most})` }
}

/** The last reading before the selection, and the largest one in it. */
function extremes({ run: { metrics }, from, to }: Selection, of: (reading: MetricsReading) => number | undefined) {
  const read = (readings: MetricsReading[]) => readings.map(of).filter((value) => value !== undefined)
  return {
    before: read(metrics.filter(({ at }) => at <= from)).at(-1),
    most: largest(read(metrics.filter(({ at }) => isWithin(at, from, to)))),
  }
}
