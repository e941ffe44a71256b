import { randomBytes } from 'node:crypto'
import { ask, dataStatus, logIn, tryLogIn } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { Sentence } from '../sentence.ts'
import { type Attempt, aborted, askAndListen, attemptAtRate, type Scene, type Stage } from './attack.ts'

/** By how much two clocks may differ: the API accepts a token so much longer. */
const toleranceSeconds = 5

/** A thief uses the token of another user, who asked for one of so many seconds, until it ends and beyond. */
export async function stolenToken(scene: Scene, lifetimeSeconds: number) {
  checkOther(scene)
  return async (stage: Stage) => {
    const token = await tokenOfOther(scene, lifetimeSeconds)
    const end = now() + (lifetimeSeconds + toleranceSeconds + 1) * 1000
    await attemptAtRate(stage, thief(scene, token))
    if (now() < end) throw new Sentence('The phase was over before the token was: give the experiment more time.')
  }
}

/** The same with a token that lasts, but its owner logs out after so many seconds. */
export function stolenTokenLoggedOut(scene: Scene, afterSeconds: number) {
  return untilOwnerActs(scene, afterSeconds, async (token) => {
    const { status } = await ask(scene.pool, { method: 'POST', path: '/auth/logout', token })
    if (status !== 204) throw new Sentence(`The logout was answered ${status}.`)
  })
}

/** The owner gets another password, and logs in with it when the thief is out. */
export function stolenTokenPasswordChanged(scene: Scene, afterSeconds: number) {
  const change = changeOther(scene)
  const newPassword = () => change(randomBytes(18).toString('base64url'))
  return untilOwnerActs(scene, afterSeconds, newPassword, async (token, { hits }) => {
    for (let waited = 0; waited < 5_000 && (await dataStatus(scene.pool, token)) < 400; waited += 50) await sleep(50)
    const at = now()
    const { username, password } = checkOther(scene)
    const { status } = await tryLogIn(scene.pool, scene.target.url, { username, password })
    // Whether the new password counts: of that a 429 or a 5xx says nothing.
    if (status !== 200 && status !== 401) throw new Sentence(`The login of its owner was answered ${status}.`)
    hits.push({ what: 'the owner logs in', byOwner: true, at, done: now(), status })
  })
}

/** The owner is no longer among those who may log in. */
export function stolenTokenOfRemoved(scene: Scene, afterSeconds: number) {
  const change = changeOther(scene)
  return untilOwnerActs(scene, afterSeconds, () => change())
}

async function untilOwnerActs(
  scene: Scene,
  afterSeconds: number,
  act: (token: string) => Promise<void>,
  afterwards?: (token: string, stage: Stage) => Promise<void>,
) {
  checkOther(scene)
  return async (stage: Stage) => {
    const token = await tokenOfOther(scene)
    const actInTime = async () => {
      await Promise.race([sleep(afterSeconds * 1000), aborted(stage.signal)])
      if (stage.signal.aborted)
        throw new Sentence('The phase was over before its owner did anything: give the experiment more time.')
      const at = now()
      await act(token)
      stage.hits.push({ what: 'the owner acts', byOwner: true, at, done: now(), status: 0 })
      await afterwards?.(token, stage)
    }
    await Promise.all([attemptAtRate(stage, thief(scene, token)), actInTime()])
  }
}

function thief({ pool }: Scene, token: string) {
  let count = 0
  return (): Attempt => {
    const write = count++ % 2 === 1
    const method = write ? 'POST' : 'GET'
    const body = write ? { title: 'in the name of somebody else', body: '' } : undefined
    const request = { method, path: '/data/notes', token, body } as const
    return { what: write ? 'a write' : 'a read', send: (signal) => askAndListen(pool, { ...request, signal }) }
  }
}

function checkOther({ target: { other } }: Scene) {
  if (!other) throw new Sentence('Skipped: it takes a second user, LAB_USERS=name:password,name:password')
  return other
}

function tokenOfOther(scene: Scene, lifetimeSeconds?: number): Promise<string> {
  const { username, password } = checkOther(scene)
  return logIn(scene.pool, scene.target.url, username, password, lifetimeSeconds)
}

function changeOther({ target: { changeOther } }: Scene) {
  if (!changeOther)
    throw new Sentence(
      "Skipped: it takes somebody who may change the API's users. Run it without the stack: EMBEDDED=1",
    )
  return changeOther
}
