import { isSuccess } from '../load/figures.ts'
import type { MetricsReading } from './metrics-page.ts'
import { isWithin, largest, type Measure, type Measured, type Selection } from './selection.ts'

/** What it costs the API to serve a load, and how much it serves. */
export const costMeasures = {
  cpu_per_request: { title: "the API's CPU time per request", unit: 'ms', of: cpuPerRequest },
  memory: {
    title: "the API's memory, at most",
    unit: 'MB',
    of: (selection) => {
      const bytes = largest(readingsIn(selection).flatMap(({ resident_bytes }) => resident_bytes ?? []))
      return { value: bytes && bytes / 1e6 }
    },
  },
  served_per_second: perSecond('requests answered 2xx', ({ data }) => data.filter(isSuccess).length),
  written_per_second: perSecond('notes written', ({ data }) => data.filter(({ status }) => status === 201).length),
} satisfies Record<string, Measure>

/**
 * Of all threads of the API, by its own count between the first and the last reading of its metrics page. The probes of the lab
 * are in it, but are no requests of the load: they cost both sides of a comparison alike.
 */
function cpuPerRequest(selection: Selection): Measured {
  const readings = readingsIn(selection).filter(({ cpu_seconds }) => cpu_seconds !== undefined)
  const [first, last] = [readings[0], readings.at(-1)]
  if (first?.cpu_seconds === undefined || last?.cpu_seconds === undefined) return { words: 'not readable' }
  const answered = selection.run.results.filter(({ done, status }) => status !== 0 && isWithin(done, first.at, last.at))
  const ms = 1000 * (last.cpu_seconds - first.cpu_seconds)
  return ms > 0 && answered.length > 0 ? { value: ms / answered.length } : { words: 'not readable' }
}

function readingsIn({ run, from, to }: Selection): MetricsReading[] {
  return run.metrics.filter(({ at }) => isWithin(at, from, to))
}

function perSecond(title: string, of: (selection: Selection) => number): Measure {
  return {
    title,
    unit: 'a second',
    better: 'more',
    of: (selection) => ({ value: selection.seconds > 0 ? of(selection) / selection.seconds : undefined }),
  }
}
