import { isSuccess } from '../load/figures.ts'
import type { MetricsReading } from './metrics-page.ts'
import { isWithin, largest, type Measure, type Measured, type Selection, share } from './selection.ts'

/** What it costs the API to serve a load, and what it keeps. */
export const costMeasures = {
  cpu_per_request: { title: "the API's CPU time per request", unit: 'ms', of: cpuPerRequest },
  commits_per_second: { title: 'commits to the disk', unit: 'a second', of: commitsPerSecond },
  notes_per_second: { title: 'notes saved', unit: 'a second', better: 'more', of: notesPerSecond },
  served_per_second: { title: 'requests served', unit: 'a second', better: 'more', of: servedPerSecond },
  notes_per_commit: { title: 'notes that share a commit', unit: '', better: 'more', of: notesPerCommit },
  seconds_kept: { title: "seconds so far in the API's own record", unit: '%', better: 'more', of: secondsKept },
  memory: {
    title: "the API's memory, at most",
    unit: 'MB',
    of: (selection) => {
      const bytes = largest(readingsIn(selection).flatMap(({ resident_bytes }) => resident_bytes ?? []))
      return { value: bytes && bytes / 1e6 }
    },
  },
} satisfies Record<string, Measure>

/**
 * Of all threads of the API, by its own count between the first and the last reading of its metrics page. The probes of the lab
 * are in it, but are no requests of the load: they cost both sides of a comparison alike.
 */
function cpuPerRequest(selection: Selection): Measured {
  const { rise, from, to } = counted(selection, ({ cpu_seconds }) => cpu_seconds)
  const answered = selection.run.results.filter(({ done, status }) => status !== 0 && isWithin(done, from, to)).length
  return rise > 0 && answered > 0 ? { value: (1000 * rise) / answered } : { words: 'not readable' }
}

/** Each commit is one sync or more: the disk work that writes share. */
function commitsPerSecond(selection: Selection): Measured {
  const { rise, from, to } = counted(selection, ({ commits }) => commits)
  return to > from ? { value: (1000 * rise) / (to - from) } : { words: 'not readable' }
}

function notesPerCommit(selection: Selection): Measured {
  const { rise, from, to } = counted(selection, ({ commits }) => commits)
  return rise > 0 ? { value: notesSaved(selection, from, to) / rise } : { words: 'not readable' }
}

function notesPerSecond(selection: Selection): Measured {
  const { from, to, seconds } = selection
  return { value: notesSaved(selection, from, to) / seconds }
}

function servedPerSecond({ run, from, to, seconds }: Selection): Measured {
  const served = run.results.filter((one) => isSuccess(one) && isWithin(one.done, from, to))
  return { value: served.length / seconds }
}

function notesSaved({ run }: Selection, from: number, to: number): number {
  return run.results.filter(({ done, status }) => status === 201 && isWithin(done, from, to)).length
}

/** By how much a counter rose between the first and the last reading of a selection, and when these were. */
export function counted(selection: Selection, of: (reading: MetricsReading) => number | undefined) {
  const readings = readingsIn(selection).flatMap((one) => {
    const value = of(one)
    return value === undefined ? [] : [{ at: one.at, value }]
  })
  const [first, last] = [readings[0] ?? { at: 0, value: 0 }, readings.at(-1) ?? { at: 0, value: 0 }]
  return { rise: last.value - first.value, from: first.at, to: last.at }
}

/** Of the whole run until the end of the phase. */
function secondsKept({ run, to }: Selection): Measured {
  const kept = run.phases.find(({ end }) => end === to)?.kept
  const since1970 = (moment: number) => Math.round((moment + run.wallOffset) / 1000)
  const [first, last] = [since1970(run.startedAt), since1970(to)]
  const within = [...(kept ?? [])].filter((second) => isWithin(second, first, last)).length
  return kept ? share(within, last - first) : {}
}

function readingsIn({ run, from, to }: Selection): MetricsReading[] {
  return run.metrics.filter(({ at }) => isWithin(at, from, to))
}
