import type { Pool } from 'undici'
import { type Ask, ask } from '../api-client.ts'
import { aborted, now } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import type { LoadTarget } from '../load/load.ts'
import { openLoop } from '../load/open-loop.ts'

/**
 * One attempt and its outcome; moments of clock.ts. `status` 0: no answer. `told` is everything in the answer from which an
 * attacker could learn: two answers with the same `told` differ only in their time. `error`: why no answer came.
 * `guesses`: how many were made offline.
 */
export type Attempt = {
  what: string
  at: number
  done: number
  status: number
  told?: string
  error?: string
  guesses?: number
  /** What the owner of the token did meanwhile; `status` 0 when that was no request. */
  byOwner?: true
}

export type AttackRequest = {
  what: string
  send: (signal: AbortSignal) => Promise<Omit<Attempt, 'what' | 'at' | 'done'>>
}

/** What an attack needs of the API. */
export type AttackTarget = LoadTarget & {
  /** A second user, where the lab has started the API. */
  other?: { username: string; password: string }
  /** Other addresses of this machine from which a client can connect; empty where it has none. */
  addresses: string[]
  /** The secret that signs its tokens, where the lab has started it. */
  jwtSecret?: string
}

/** The API, the token of a user there, and connections that only the attack uses. */
export type AttackContext = { target: AttackTarget; token: string; pool: Pool }

/** So many attempts per second, until aborted. Every attempt is added to `attempts` when it is over. */
export type AttackRun = { perSecond: number; signal: AbortSignal; attempts: Attempt[] }

/** Prepares what takes time, then returns the attack itself. Throws a UserError when it cannot be made. */
export type Attacker = (context: AttackContext) => Promise<(run: AttackRun) => Promise<void>>

/** Sends attempts at an even rate, whatever the answers are and however late; returns when the last one is over. */
export async function attemptAtRate(
  { perSecond, signal, attempts }: AttackRun,
  next: (number: number) => AttackRequest,
): Promise<void> {
  let count = 0
  const loop = openLoop({
    next() {
      const { what, send } = next(count++)
      return {
        kind: 'attack',
        async send(giveUp) {
          const at = now()
          const outcome = await send(giveUp).catch((error) => {
            return { status: 0, error: giveUp.aborted ? 'timeout' : reasonOf(error) }
          })
          attempts.push({ what, at, done: now(), ...outcome })
          return outcome
        },
      }
    },
  })
  loop.setRate(perSecond)
  await aborted(signal)
  await loop.stop()
}

/** One HTTP request of an attacker. `told` leaves out what differs from answer to answer anyway. */
export function request(what: string, pool: Pool, words: Omit<Ask, 'signal'>): AttackRequest {
  return {
    what,
    async send(signal) {
      const { status, text, headers } = await ask(pool, { ...words, signal })
      const body = text.replace(/"request_id":"[^"]*"/, '')
      return { status, told: `${status} ${Object.keys(headers).sort().join(' ')} ${body}` }
    },
  }
}

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
