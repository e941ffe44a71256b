import { createHmac } from 'node:crypto'
import { ask, logIn } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { Sentence } from '../sentence.ts'
import { type Attempt, aborted, askAndListen, attemptAtRate, type Scene, type Stage } from './attack.ts'

/** By how much two clocks may differ: the API accepts a token so much longer. */
const toleranceSeconds = 5

/** A thief uses the token of another user, made to last so long, until it ends and beyond. */
export async function stolenToken(scene: Scene, lifetimeSeconds: number) {
  const { jwtSecret } = scene.target
  if (!jwtSecret)
    throw new Sentence('Skipped: tokens of several lifetimes take an API that the lab has started: EMBEDDED=1')
  const claims = claimsOf(await tokenOfOther(scene))
  return async (stage: Stage) => {
    const end = now() + (lifetimeSeconds + toleranceSeconds + 1) * 1000
    const iat = Math.floor(Date.now() / 1000)
    const token = sign({ ...claims, iat, exp: iat + lifetimeSeconds }, jwtSecret)
    await attemptAtRate(stage, thief(scene, token))
    if (now() < end) throw new Sentence('The phase was over before the token was: give the experiment more time.')
  }
}

/** The same with a token that lasts, but its owner logs out after so many seconds. */
export async function stolenTokenLoggedOut(scene: Scene, afterSeconds: number) {
  const token = await tokenOfOther(scene)
  return async (stage: Stage) => {
    const logOut = async () => {
      await Promise.race([sleep(afterSeconds * 1000), aborted(stage.signal)])
      if (stage.signal.aborted)
        throw new Sentence('The phase was over before the logout: give the experiment more time.')
      const { status } = await ask(scene.pool, { method: 'POST', path: '/auth/logout', token })
      if (status !== 204) throw new Sentence(`The logout was answered ${status}.`)
    }
    await Promise.all([attemptAtRate(stage, thief(scene, token)), logOut()])
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

function tokenOfOther({ target: { url, other }, pool }: Scene): Promise<string> {
  if (!other) throw new Sentence('Skipped: it takes a second user, LAB_USERS=name:password,name:password')
  return logIn(pool, url, other.username, other.password)
}

function claimsOf(token: string): object {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

/** As the API signs. */
function sign(claims: object, secret: string): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
