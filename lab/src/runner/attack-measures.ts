import type { Hit } from '../attacks/attack.ts'
import { quantile, sorted } from '../load/figures.ts'
import { largest, type Measure, type Measured, share } from './measure.ts'
import { isWithin, type View, viewOf } from './view.ts'

/** What an attack met, and what it cost everybody else. */
export const attackMeasures = {
  attack_refused: {
    title: 'attempts refused with a 4xx',
    unit: '%',
    of: refused,
  },
  attack_accepted: { title: 'attempts that got through', unit: 'attempts', of: accepted },
  attack_kinds: { title: 'kinds of attempts', unit: 'kinds', of: ({ hits }) => ({ value: distinct(hits, 'what') }) },
  attack_answers: {
    title: 'answers that differ',
    unit: 'answers',
    of: ({ hits }) => ({ value: distinct(hits, 'told') }),
  },
  guesses_heard: {
    title: 'guesses heard',
    unit: 'guesses',
    of: ({ hits }) => ({ value: heard(hits).length, words: `${heard(hits).length} of ${hits.length}` }),
  },
  guesses_per_minute: {
    title: 'guesses heard per minute',
    unit: 'guesses',
    of: ({ hits, from, to }) => ({ value: Math.round((heard(hits).length * 60_000) / (to - from)) }),
  },
  guesses_needed: { title: 'guesses until the secret is found', unit: 'guesses', of: guessesNeeded },
  guesses_per_second: { title: 'guesses a second of one core', unit: 'guesses', of: guessesPerSecond },
  served_for: { title: 'the attacker was last served after', unit: 's', of: servedFor },
  told_by_time: { title: 'guessed right from the time alone', unit: '%', of: toldByTime },
  p95_rise: {
    title: 'p95 above that of the phase before',
    unit: 'ms',
    of: p95Rise,
    latency: { requests: ({ data }) => data, quantile: 0.95 },
  },
  memory_rise: { title: "the API's memory rose by", unit: 'MB', of: memoryRise },
} satisfies Record<string, Measure>

function refused({ hits }: View): Measured {
  const others = hits.filter(({ status }) => status < 400 || status >= 500)
  const measured = share(hits.length - others.length, hits.length)
  const [first] = others
  return first ? { ...measured, words: `${measured.words}; ${first.what}: ${first.error ?? first.status}` } : measured
}

function accepted({ hits }: View): Measured {
  const through = hits.filter(isAccepted)
  const names = [...new Set(through.map(({ what }) => what))]
  return { value: through.length, words: [`${through.length} of ${hits.length}`, ...names.slice(0, 3)].join('; ') }
}

function guessesNeeded({ hits }: View): Measured {
  const found = hits.findIndex(isAccepted)
  return found < 0 ? {} : { value: guessesIn(hits.slice(0, found + 1)) }
}

/** Of the time that was spent on guessing. */
function guessesPerSecond({ hits }: View): Measured {
  const spent = hits.reduce((sum, { at, done }) => sum + done - at, 0)
  return spent > 0 ? { value: Math.round((1000 * guessesIn(hits)) / spent) } : {}
}

function guessesIn(hits: Hit[]): number {
  return hits.reduce((sum, { guesses = 0 }) => sum + guesses, 0)
}

/** From the first attempt to the last one that got through. */
function servedFor({ hits }: View): Measured {
  const first = hits.reduce((least, { at }) => Math.min(least, at), Infinity)
  const last = largest(hits.filter(isAccepted).map(({ at }) => at))
  if (last === undefined) return {}
  const value = (last - first) / 1000
  return { value, words: `${value.toFixed(1)} s` }
}

function isAccepted({ status }: Hit): boolean {
  return status >= 200 && status < 300
}

function distinct(hits: Hit[], of: 'what' | 'told'): number {
  return new Set(hits.map((hit) => hit[of])).size
}

/** A guess counts when the password was looked at: not when it was one too many, or never answered. */
function heard(hits: Hit[]): Hit[] {
  return hits.filter(({ status }) => status === 200 || status === 401)
}

/**
 * Of two answers, one of each kind, how often the slower one is of the kind that is slower on the whole: 50 % is the toss
 * of a coin, 100 % an oracle. It needs no assumption on how times are distributed (Mann and Whitney's U).
 */
function toldByTime({ hits }: View): Measured {
  const kinds = [...new Set(hits.map(({ what }) => what))]
  const times = (kind?: string) => sorted(hits.filter(({ what }) => what === kind).map(({ at, done }) => done - at))
  const [one, other] = [times(kinds[0]), times(kinds[1])]
  if (kinds.length !== 2) return { words: 'there are not two kinds of answers' }
  let [pairs, below, upTo] = [0, 0, 0]
  for (const time of one) {
    while (below < other.length && (other[below] ?? 0) < time) below++
    while (upTo < other.length && (other[upTo] ?? 0) <= time) upTo++
    // Of two that took as long either may be guessed.
    pairs += (below + upTo) / 2
  }
  const slower = pairs / (one.length * other.length)
  return { value: 100 * Math.max(slower, 1 - slower), words: `${(100 * Math.max(slower, 1 - slower)).toFixed(1)} %` }
}

function p95Rise({ run, slo, from, data }: View): Measured {
  const before = run.phases.findLast(({ start }) => start < from)
  const p95 = (results = viewOf(run, slo, before?.plan.name)?.data ?? []) =>
    quantile(sorted(results.map(({ due, done }) => done - due)), 0.95)
  const [was, is] = [p95(), p95(data)]
  if (before === undefined || Number.isNaN(is - was)) return {}
  return { value: is - was, words: `${(is - was).toFixed(1)} ms (${was.toFixed(1)} to ${is.toFixed(1)})` }
}

/** From the last reading before the view to the largest one in it. */
function memoryRise({ run: { metrics }, from, to }: View): Measured {
  const readable = metrics.filter(({ resident_bytes }) => resident_bytes !== undefined)
  const before = readable.findLast(({ at }) => at <= from)?.resident_bytes
  const most = largest(
    readable.filter(({ at }) => isWithin(at, from, to)).map((reading) => reading.resident_bytes ?? 0),
  )
  if (before === undefined || most === undefined) return { words: 'not readable' }
  const megabytes = (bytes: number) => Math.round(bytes / 1e6)
  const value = megabytes(most - before)
  return { value, words: `${value} MB (${megabytes(before)} to ${megabytes(most)})` }
}
