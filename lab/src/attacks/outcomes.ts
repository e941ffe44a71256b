import type { Attempt } from './attack.ts'

/** How an attempt can end: with a 2xx, a 4xx, no answer at all, or a 5xx. */
export const outcomes = ['accepted', 'refused', 'unanswered', 'error'] as const
export type Outcome = (typeof outcomes)[number]

/** How many attempts ended how, and how many guesses were made offline, without any request. */
export type Tally = Record<Outcome | 'guesses', number>

export function tally(attempts: Pick<Attempt, 'status' | 'guesses' | 'byOwner'>[]): Tally {
  const sums = { accepted: 0, refused: 0, unanswered: 0, error: 0, guesses: 0 }
  for (const { status, guesses, byOwner } of attempts) {
    if (byOwner) continue
    if (guesses === undefined) sums[outcomeOf(status)]++
    else sums.guesses += guesses
  }
  return sums
}

export function outcomeOf(status: number): Outcome {
  if (status === 0) return 'unanswered'
  if (status < 300) return 'accepted'
  return status < 500 ? 'refused' : 'error'
}
