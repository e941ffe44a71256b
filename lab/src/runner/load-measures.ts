import { count, isSuccess, type Result } from '../load/figures.ts'
import { goodputOf, goodputPerSecond, recoverySeconds } from '../load/goodput.ts'
import { isWithin, largest, type Measure, type Measured, type Selection, share } from './selection.ts'

/** What a load costs the API, and what its clients get for it. Goodput is that of data requests and logins together. */
export const loadMeasures = {
  cpu_per_request: { title: "the API's CPU time per request", unit: 'ms', of: cpuPerRequest },
  commits_per_second: { title: 'commits to the disk', unit: 'a second', of: commitsPerSecond },
  notes_per_commit: { title: 'notes that share a commit', unit: '', better: 'more', of: notesPerCommit },
  notes_per_second: { title: 'notes saved', unit: 'a second', better: 'more', of: perSecond(isSaved) },
  served_per_second: { title: 'requests served', unit: 'a second', better: 'more', of: perSecond(isSuccess) },
  seconds_kept: { title: "seconds so far in the API's own record", unit: '%', better: 'more', of: secondsKept },
  memory: { title: "the API's memory, at most", unit: 'MB', of: memory },
  memory_rise: { title: "the API's memory rose by", unit: 'MB', of: memoryRise },
  goodput: {
    title: 'goodput',
    unit: '%',
    better: 'more',
    of: (selection) => share(sums(selection).good, sums(selection).offered),
  },
  goodput_of_capacity: {
    title: 'goodput, of the capacity',
    unit: '%',
    better: 'more',
    of: (selection) =>
      share(sums(selection).good, Math.round((selection.run.capacity?.perSecond ?? 0) * selection.seconds)),
  },
  goodput_back_after: { title: 'goodput back after', unit: 's', of: backAfter },
  amplification: {
    title: 'requests for each first try',
    unit: 'x',
    of(selection) {
      const { attempts, offered } = sums(selection)
      return { ...ratio(attempts, offered), words: `${count(attempts)} for ${count(offered)}` }
    },
  },
  /** Seen from the API: what it answered well, and the client no longer waited. */
  wasted: { title: 'logins served too late', unit: '%', of: wasted },
  peak_of_attempts: { title: 'most requests within a second, against the capacity', unit: 'x', of: peakOfAttempts },
} satisfies Record<string, Measure>

type Counter = 'cpu_seconds' | 'commits' | 'logged_in'

/** By how much a counter of the API rose between its first and its last reading of a phase, and what ended meanwhile. */
function counted({ run, from, to }: Selection, counter: Counter) {
  const readings = run.metrics.flatMap(({ at, [counter]: value }) =>
    value !== undefined && isWithin(at, from, to) ? { at, value } : [],
  )
  const [first, last] = [readings[0] ?? { at: 0, value: 0 }, readings.at(-1) ?? { at: 0, value: 0 }]
  const done = run.results.filter((one) => isWithin(one.done, first.at, last.at))
  return { rise: last.value - first.value, seconds: (last.at - first.at) / 1000, done }
}

function ratio(value: number, by: number): Measured {
  return by > 0 ? { value: value / by } : { words: 'not readable' }
}

/**
 * Of all threads of the API. The probes of the lab are in it, but are no requests of the load: they cost both sides of a
 * comparison alike.
 */
function cpuPerRequest(selection: Selection): Measured {
  const { rise, done } = counted(selection, 'cpu_seconds')
  return ratio(1000 * rise, done.filter(({ status }) => status !== 0).length)
}

/** Each commit is one sync or more: the disk work that writes share. */
function commitsPerSecond(selection: Selection): Measured {
  const { rise, seconds } = counted(selection, 'commits')
  return ratio(rise, seconds)
}

function notesPerCommit(selection: Selection): Measured {
  const { rise, done } = counted(selection, 'commits')
  return ratio(done.filter(isSaved).length, rise)
}

function wasted(selection: Selection): Measured {
  const { rise, seconds, done } = counted(selection, 'logged_in')
  const inTime = done.filter((one) => one.kind === 'login' && isSuccess(one)).length
  return seconds > 0 ? share(Math.max(0, rise - inTime), rise) : { words: 'not readable' }
}

function perSecond(wanted: (one: Result) => boolean): Measure['of'] {
  return ({ run, from, to, seconds }) => ({
    value: run.results.filter((one) => wanted(one) && isWithin(one.done, from, to)).length / seconds,
  })
}

function isSaved({ status }: Result): boolean {
  return status === 201
}

/** Of the whole run until the end of the phase. */
function secondsKept({ run, to }: Selection): Measured {
  const kept = run.phases.find(({ end }) => end === to)?.kept
  const since1970 = (moment: number) => Math.round((moment + run.wallOffset) / 1000)
  const [first, last] = [since1970(run.startedAt), since1970(to)]
  const within = [...(kept ?? [])].filter((second) => isWithin(second, first, last)).length
  return kept ? share(within, last - first) : {}
}

/** In megabytes. */
function mostMemory({ run }: Selection, from: number, to: number): number | undefined {
  const readings = run.metrics.filter(({ at }) => isWithin(at, from, to))
  return largest(readings.flatMap(({ resident_bytes }) => (resident_bytes === undefined ? [] : resident_bytes / 1e6)))
}

function memory(selection: Selection): Measured {
  return { value: mostMemory(selection, selection.from, selection.to) }
}

/** From the last reading before the phase to the largest until its end. */
function memoryRise(selection: Selection): Measured {
  const { run, from, to } = selection
  const before = run.metrics.findLast(({ at }) => at <= from)?.resident_bytes
  // The page is read once a second: the first reading after the end tells what happened until then.
  const most = mostMemory(selection, from, to + 1_000)
  if (before === undefined || most === undefined) return { words: 'not readable' }
  const [was, is] = [Math.round(before / 1e6), Math.round(most)]
  return { value: is - was, words: `${count(was)} to ${count(is)}` }
}

function sums({ data, logins, dropped }: Selection) {
  return goodputOf([...data, ...logins], dropped)
}

function backAfter({ run, from, to }: Selection): Measured {
  const seconds = Math.max(1, Math.floor((to - from) / 1000))
  const back = recoverySeconds(goodputPerSecond(run.results, run.dropped, from, seconds))
  return back === undefined ? { value: seconds, words: 'not back by then' } : { value: back }
}

function peakOfAttempts({ run, from, to }: Selection): Measured {
  const sent = run.results
    .flatMap((one) => (one.attempts ?? [one]).map((attempt) => attempt.sent))
    .filter((moment) => isWithin(moment, from, to))
    .sort((a, b) => a - b)
  let [first, most] = [0, 0]
  sent.forEach((moment, i) => {
    while ((sent[first] ?? moment) <= moment - 1000) first++
    most = Math.max(most, i - first + 1)
  })
  const capacity = run.capacity?.perSecond
  return { value: capacity && most / capacity, words: `${most} in a second` }
}
