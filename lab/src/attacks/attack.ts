import type { Pool } from 'undici'
import { type Ask, ask } from '../api-client.ts'
import { now } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import { openLoop } from '../load/open-loop.ts'
import type { Target } from '../targets/target.ts'

/**
 * One attempt and what came of it; moments of clock.ts. `status` 0: no answer. `told` is everything in the answer that
 * could teach an attacker something: two answers with the same `told` cannot be told apart but by their time.
 * `error`: why no answer came. `guesses`: how many were made offline.
 */
export type Attempt = {
  what: string
  at: number
  done: number
  status: number
  told?: string
  error?: string
  guesses?: number
  /** What the rightful owner did meanwhile; `status` 0 where that was no request. */
  byOwner?: true
}

export type AttackRequest = {
  what: string
  send: (signal: AbortSignal) => Promise<Omit<Attempt, 'what' | 'at' | 'done'>>
}

/** Where it takes place: the API, the token of a user there, and connections that nobody else uses. */
export type AttackContext = { target: Target; token: string; pool: Pool }

/** How it is made: so many attempts a second, until aborted. Every attempt is noted in `attempts` when it is over. */
export type AttackRun = { perSecond: number; signal: AbortSignal; attempts: Attempt[] }

/** Makes ready what takes time, then gives the attack itself. A UserError where it cannot be made. */
export type Attacker = (context: AttackContext) => Promise<(run: AttackRun) => Promise<void>>

/** Attempts at an even rate, whatever comes back and however late; ends when the last one has its answer. */
export async function attemptAtRate(
  { perSecond, signal, attempts }: AttackRun,
  next: () => AttackRequest,
): Promise<void> {
  const loop = openLoop({
    limitMs: Number.POSITIVE_INFINITY,
    next() {
      const { what, send } = next()
      return {
        kind: 'attack',
        async send(giveUp) {
          const attempt: Attempt = { what, at: now(), done: 0, status: 0 }
          try {
            Object.assign(attempt, await send(giveUp))
          } catch (error) {
            attempt.error = giveUp.aborted ? 'timeout' : reasonOf(error)
          } finally {
            attempt.done = now()
            attempts.push(attempt)
          }
          return attempt.status
        },
      }
    },
  })
  loop.setRate(perSecond)
  await aborted(signal)
  await loop.stop()
}

export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', resolve, { once: true })
  })
}

/** One request of an attacker, and what its answer tells: all but what differs from answer to answer anyway. */
export async function askAndListen(pool: Pool, request: Ask): Promise<Pick<Attempt, 'status' | 'told'>> {
  const { status, text, headers } = await ask(pool, request)
  const body = text.replace(/"request_id":"[^"]*"/, '')
  return { status, told: `${status} ${Object.keys(headers).sort().join(' ')} ${body}` }
}
