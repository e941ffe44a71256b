import { randomUUID } from 'node:crypto'
import { ask, logIn } from '../api-client.ts'
import { aborted, now, sleep } from '../clock.ts'
import { UserError } from '../errors.ts'
import { startMix } from '../load/load.ts'
import { type AttackContext, type AttackRun, attemptAtRate, request } from './attack.ts'

const methods = ['GET', 'GET', 'PUT', 'DELETE'] as const
const body = { title: 'mine now', body: '' }

/** A second user tries the ids of the first one's notes, and ids that do not exist. */
export async function anothersNotes(context: AttackContext) {
  const { token, pool } = context
  const mine = await tokenOfOther(context)
  const theirs = [...(await startMix(pool, token)).acknowledged.keys()]
  const next = (number: number) => {
    const method = methods[number % methods.length] ?? 'GET'
    const note = theirs[number % theirs.length] ?? ''
    // Strictly in turn they would keep step with the load, and one kind would always meet a busy API.
    const isThere = Math.random() < 0.5
    const path = `/data/notes/${isThere ? note : likeBut(note)}`
    const words = { method, path, token: mine, body: method === 'PUT' ? body : undefined }
    return request(isThere ? "another's note" : 'no note', pool, words)
  }
  return (run: AttackRun) => attemptAtRate(run, next)
}

/** An id of the same time that no note has: its random half differs. */
function likeBut(id: string): string {
  return id.slice(0, 19) + randomUUID().slice(19)
}

/** The API's tolerance for clocks that differ: it accepts a token this much longer. */
const toleranceSeconds = 5

/** A thief uses another user's token, which is valid for `lifetimeSeconds`, until it expires and beyond. */
export async function stolenToken(context: AttackContext, lifetimeSeconds: number) {
  return async (run: AttackRun) => {
    const token = await tokenOfOther(context, lifetimeSeconds)
    const end = now() + (lifetimeSeconds + toleranceSeconds + 1) * 1000
    await attemptAtRate(run, thief(context, token))
    if (now() < end) throw new UserError('The phase was over before the token was: give the experiment more time.')
  }
}

/** The same with a token of normal lifetime, but its owner logs out after so many seconds. */
export async function stolenTokenLoggedOut(context: AttackContext, afterSeconds: number) {
  return async (run: AttackRun) => {
    const token = await tokenOfOther(context)
    const logOut = async () => {
      await Promise.race([sleep(afterSeconds * 1000), aborted(run.signal)])
      if (run.signal.aborted)
        throw new UserError('The phase was over before its owner logged out: give the experiment more time.')
      const at = now()
      const { status } = await ask(context.pool, { method: 'POST', path: '/auth/logout', token })
      if (status !== 204) throw new UserError(`The logout was answered ${status}.`)
      run.attempts.push({ what: 'the owner logs out', byOwner: true, at, done: now(), status: 0 })
    }
    await Promise.all([attemptAtRate(run, thief(context, token)), logOut()])
  }
}

function thief({ pool }: AttackContext, token: string) {
  const body = { title: "written with another user's token", body: '' }
  return (number: number) =>
    number % 2 === 0
      ? request('a read', pool, { method: 'GET', path: '/data/notes', token })
      : request('a write', pool, { method: 'POST', path: '/data/notes', token, body })
}

function tokenOfOther({ pool, target: { url, other } }: AttackContext, lifetimeSeconds?: number): Promise<string> {
  if (!other) throw new UserError('Skipped: this attack needs a second user.')
  return logIn(pool, url, other.username, other.password, lifetimeSeconds)
}
