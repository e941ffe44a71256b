import type { Hit } from '../attacks/attack.ts'
import { sorted } from '../load/figures.ts'
import { largest, type Measure, type Measured, share } from './measure.ts'
import type { View } from './view.ts'

/** What an attack met. */
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
  refusals_differ: {
    title: 'refusals that differ',
    unit: 'answers',
    of: ({ hits }) => ({ value: distinct(hits.filter(isRefused), 'told') }),
  },
  owner_served: {
    title: 'times the owner got in',
    unit: 'times',
    of: ({ hits }) => ({ value: hits.filter((hit) => hit.byOwner && isServed(hit)).length }),
  },
  served_for: { title: 'the attacker was last served after', unit: 's', of: servedFor },
  served_on: { title: 'served on after the owner had acted', unit: 's', of: servedOn },
  told_by_time: { title: 'guessed right from the time alone', unit: '%', of: toldByTime },
} satisfies Record<string, Measure>

function refused({ hits }: View): Measured {
  const others = hits.filter((hit) => !isRefused(hit))
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

/** From the moment at which what the owner did was done to the last attempt that got through. */
function servedOn({ hits }: View): Measured {
  const acted = hits.find(({ byOwner }) => byOwner)?.done
  const last = largest(hits.filter(isAccepted).map(({ at }) => at))
  if (acted === undefined || last === undefined) return {}
  const value = Math.max(0, last - acted) / 1000
  return { value, words: `${value.toFixed(1)} s` }
}

function isAccepted(hit: Hit): boolean {
  return isServed(hit) && !hit.byOwner
}

function isServed({ status }: Hit): boolean {
  return status >= 200 && status < 300
}

function isRefused({ status }: Hit): boolean {
  return status >= 400 && status < 500
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
