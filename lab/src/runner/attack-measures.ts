import type { Attempt } from '../attacks/attack.ts'
import { count, isSuccess, sorted } from '../load/figures.ts'
import { largest, type Measure, type Measured, ofAnswers, type Selection, shareOf } from './selection.ts'

/** What an attack met. */
export const attackMeasures = {
  attack_refused: ofAnswers('attempts refused with a 4xx', refused, 'more'),
  attack_accepted: { title: 'got through', unit: 'attempts', ofAnswers: true, of: accepted },
  attack_kinds: {
    title: 'the attacker tried',
    unit: 'kinds of attempts',
    of: ({ attempts }) => ({ value: distinct(attempts, 'what') }),
  },
  guesses_heard: {
    title: 'the API checked',
    unit: 'guesses',
    ofAnswers: true,
    // A guess counts when the API checked the password: not when it was limited, or never answered.
    of({ attempts }) {
      const heard = attempts.filter(({ status }) => status === 200 || status === 401)
      return { value: heard.length, words: `of ${count(attempts.length)}` }
    },
  },
  guesses_needed: { title: 'the secret is found after', unit: 'guesses', of: guessesNeeded },
  guesses_per_second: { title: 'one core tries', unit: 'guesses a second', of: guessesPerSecond },
  refusals_differ: {
    title: 'the refusals give',
    unit: 'different answers',
    ofAnswers: true,
    of: ({ attempts }) => ({ value: distinct(attempts.filter(isRejected), 'told') || undefined }),
  },
  served_for: { title: 'the attacker was last served after', unit: 's', ofAnswers: true, of: servedFor },
  served_on: { title: 'served on after the owner had acted', unit: 's', ofAnswers: true, of: servedOn },
  guessed_by_time: { title: 'guessed right from the time alone', unit: '%', of: guessedByTime },
} satisfies Record<string, Measure>

function refused({ attempts }: Selection): Measured {
  const measured = shareOf(attempts, isRejected)
  const first = attempts.find((attempt) => !isRejected(attempt))
  return first ? { ...measured, words: `${measured.words}; ${first.what}: ${first.error ?? first.status}` } : measured
}

function accepted({ attempts }: Selection): Measured {
  const through = attempts.filter(isAccepted)
  const names = [...new Set(through.map(({ what }) => what))]
  return { value: through.length, words: [`of ${count(attempts.length)}`, ...names.slice(0, 3)].join('; ') }
}

function guessesNeeded({ attempts }: Selection): Measured {
  const found = attempts.findIndex(isAccepted)
  return found < 0 ? {} : { value: guessesIn(attempts.slice(0, found + 1)) }
}

/** Of the time that was spent on guessing. */
function guessesPerSecond({ attempts }: Selection): Measured {
  const spent = attempts.reduce((sum, { at, done }) => sum + done - at, 0)
  return spent > 0 ? { value: Math.round((1000 * guessesIn(attempts)) / spent) } : {}
}

function guessesIn(attempts: Attempt[]): number {
  return attempts.reduce((sum, { guesses = 0 }) => sum + guesses, 0)
}

/** From the first attempt to the last one that got through. */
function servedFor({ attempts }: Selection): Measured {
  const first = attempts.reduce((least, { at }) => Math.min(least, at), Infinity)
  const last = lastAccepted(attempts)
  return last === undefined ? {} : { value: (last - first) / 1000 }
}

/** From the end of what the owner did to the last attempt that got through. */
function servedOn({ attempts }: Selection): Measured {
  const acted = attempts.find(({ byOwner }) => byOwner)?.done
  const last = lastAccepted(attempts)
  return acted === undefined || last === undefined ? {} : { value: Math.max(0, last - acted) / 1000 }
}

function lastAccepted(attempts: Attempt[]): number | undefined {
  return largest(attempts.filter(isAccepted).map(({ at }) => at))
}

function isAccepted(attempt: Attempt): boolean {
  return isSuccess(attempt) && !attempt.byOwner
}

function isRejected({ status }: Attempt): boolean {
  return status >= 400 && status < 500
}

function distinct(attempts: Attempt[], of: 'what' | 'told'): number {
  return new Set(attempts.map((attempt) => attempt[of])).size
}

/**
 * Of two answers, one of each kind, how often the slower one is of the kind that is slower on the whole: 50 % is the toss
 * of a coin, 100 % an oracle. It needs no assumption on how times are distributed (Mann and Whitney's U).
 */
function guessedByTime({ attempts }: Selection): Measured {
  const kinds = [...new Set(attempts.map(({ what }) => what))]
  const times = (kind?: string) => sorted(attempts.filter(({ what }) => what === kind).map(({ at, done }) => done - at))
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
  return { value: 100 * Math.max(slower, 1 - slower) }
}
