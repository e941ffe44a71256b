import { createHmac, randomInt } from 'node:crypto'
import { now } from '../clock.ts'
import { type AttackContext, type AttackRequest, type AttackRun, type Attempt, attemptAtRate } from './attack.ts'

const words =
  'secret password changeme jwt key admin test token default private dev production example koa notes api lab demo auth my super app user the hello world'.split(
    ' ',
  )
const separators = ['', '-', '_', '.']
const ends = ['', '1', '12', '123', '!', '2024', '2025', '2026']
/** The rest of the time belongs to the load: both share a process. */
const batchMs = 5

/** Somebody has one token and looks for the secret that signs it, offline. The lab has signed it as a careless person would. */
export async function guessableSecret({ token }: AttackContext) {
  const pick = <T>(list: T[]): T => list[randomInt(list.length)] as T
  const secret = secretOf(`${pick(words)}${pick(separators)}${pick(words)}`, pick(ends))
  const signed = token.slice(0, token.lastIndexOf('.'))
  return searchFor(`${signed}.${sign(signed, secret)}`)
}

/** The same with a token of the API. */
export async function randomSecret({ token }: AttackContext) {
  return searchFor(token)
}

function searchFor(token: string) {
  const dot = token.lastIndexOf('.')
  const [signed, signature] = [token.slice(0, dot), token.slice(dot + 1)]
  let guesses = dictionary()
  let found = false

  function batch(): Pick<Attempt, 'status' | 'guesses'> {
    let count = 0
    for (const end = now() + batchMs; !found && now() < end; ) {
      const { value, done } = guesses.next()
      if (done) guesses = dictionary()
      else {
        count++
        found = sign(signed, value) === signature
      }
    }
    return { status: found ? 200 : 0, guesses: count }
  }
  const next = (): AttackRequest => ({ what: 'some guesses', send: async () => batch() })
  return (run: AttackRun) => attemptAtRate(run, next)
}

function sign(signed: string, secret: string): string {
  return createHmac('sha256', secret).update(signed).digest('base64url')
}

/** What people make up: two common words first, then three. */
export function* dictionary(): Generator<string, undefined> {
  for (const pair of pairs(words)) for (const end of ends) yield secretOf(pair, end)
  for (const triple of pairs([...pairs(words)])) for (const end of ends) yield secretOf(triple, end)
}

function* pairs(firsts: string[]): Generator<string> {
  for (const first of firsts)
    for (const separator of separators) for (const word of words) yield first + separator + word
}

/** Repeated until it is as long as a secret has to be. */
function secretOf(stem: string, end: string): string {
  return stem.repeat(Math.ceil(32 / stem.length)) + end
}
