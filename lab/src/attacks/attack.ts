import type { Pool } from 'undici'
import { type Ask, ask } from '../api-client.ts'
import { aborted, now } from '../clock.ts'
import { reasonOf } from '../errors.ts'
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
export type AttackTarget = {
  url: string
  username: string
  password: string
  other?: { username: string; password: string }
  /** Other addresses of this machine from which a client can connect. */
  addresses: string[]
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
  next: () => AttackRequest,
): Promise<void> {
  const loop = openLoop({
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

/** Sends one request of an attacker. `told` leaves out what differs from answer to answer anyway. */
export async function askAndListen(pool: Pool, request: Ask): Promise<Pick<Attempt, 'status' | 'told'>> {
  const { status, text, headers } = await ask(pool, request)
  const body = text.replace(/"request_id":"[^"]*"/, '')
  return { status, told: `${status} ${Object.keys(headers).sort().join(' ')} ${body}` }
}
