import { randomBytes } from 'node:crypto'
import { ask, dataStatus, logIn, tryLogIn } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { UserError } from '../errors.ts'
import {
  type AttackContext,
  type AttackRequest,
  type AttackRun,
  aborted,
  askAndListen,
  attemptAtRate,
} from './attack.ts'

/** By how much two clocks may differ: the API accepts a token so much longer. */
const toleranceSeconds = 5

/** A thief uses the token of another user, who asked for one of so many seconds, until it ends and beyond. */
export async function stolenToken(context: AttackContext, lifetimeSeconds: number) {
  checkOther(context)
  return async (run: AttackRun) => {
    const token = await tokenOfOther(context, lifetimeSeconds)
    const end = now() + (lifetimeSeconds + toleranceSeconds + 1) * 1000
    await attemptAtRate(run, thief(context, token))
    if (now() < end) throw new UserError('The phase was over before the token was: give the experiment more time.')
  }
}

/** The same with a token that lasts, but its owner logs out after so many seconds. */
export function stolenTokenLoggedOut(context: AttackContext, afterSeconds: number) {
  return untilOwnerActs(context, afterSeconds, async (token) => {
    const { status } = await ask(context.pool, { method: 'POST', path: '/auth/logout', token })
    if (status !== 204) throw new UserError(`The logout was answered ${status}.`)
  })
}

/** The owner gets another password, and logs in with it when the thief is out. */
export function stolenTokenPasswordChanged(context: AttackContext, afterSeconds: number) {
  const change = changeOther(context)
  const newPassword = () => change(randomBytes(18).toString('base64url'))
  return untilOwnerActs(context, afterSeconds, newPassword, async (token, { attempts }) => {
    for (let waited = 0; waited < 5_000 && (await dataStatus(context.pool, token)) < 400; waited += 50) await sleep(50)
    const at = now()
    const { username, password } = checkOther(context)
    const { status } = await tryLogIn(context.pool, context.target.url, { username, password })
    // Whether the new password counts: of that a 429 or a 5xx says nothing.
    if (status !== 200 && status !== 401) throw new UserError(`The login of its owner was answered ${status}.`)
    attempts.push({ what: 'the owner logs in', byOwner: true, at, done: now(), status })
  })
}

/** The owner is no longer among those who may log in. */
export function stolenTokenOfRemoved(context: AttackContext, afterSeconds: number) {
  const change = changeOther(context)
  return untilOwnerActs(context, afterSeconds, () => change())
}

async function untilOwnerActs(
  context: AttackContext,
  afterSeconds: number,
  act: (token: string) => Promise<void>,
  afterwards?: (token: string, run: AttackRun) => Promise<void>,
) {
  checkOther(context)
  return async (run: AttackRun) => {
    const token = await tokenOfOther(context)
    const actInTime = async () => {
      await Promise.race([sleep(afterSeconds * 1000), aborted(run.signal)])
      if (run.signal.aborted)
        throw new UserError('The phase was over before its owner did anything: give the experiment more time.')
      const at = now()
      await act(token)
      run.attempts.push({ what: 'the owner acts', byOwner: true, at, done: now(), status: 0 })
      await afterwards?.(token, run)
    }
    await Promise.all([attemptAtRate(run, thief(context, token)), actInTime()])
  }
}

function thief({ pool }: AttackContext, token: string) {
  let count = 0
  return (): AttackRequest => {
    const write = count++ % 2 === 1
    const method = write ? 'POST' : 'GET'
    const body = write ? { title: 'in the name of somebody else', body: '' } : undefined
    const request = { method, path: '/data/notes', token, body } as const
    return { what: write ? 'a write' : 'a read', send: (signal) => askAndListen(pool, { ...request, signal }) }
  }
}

function checkOther({ target: { other } }: AttackContext) {
  if (!other) throw new UserError('Skipped: it takes a second user, LAB_USERS=name:password,name:password')
  return other
}

function tokenOfOther(context: AttackContext, lifetimeSeconds?: number): Promise<string> {
  const { username, password } = checkOther(context)
  return logIn(context.pool, context.target.url, username, password, lifetimeSeconds)
}

function changeOther({ target: { changeOther } }: AttackContext) {
  if (!changeOther)
    throw new UserError(
      "Skipped: it takes somebody who may change the API's users. Run it without the stack: EMBEDDED=1",
    )
  return changeOther
}
