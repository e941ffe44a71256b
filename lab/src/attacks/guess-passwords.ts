import { Pool } from 'undici'
import { Skipped } from '../errors.ts'
import { type AttackContext, type AttackRun, attemptAtRate, request } from './attack.ts'

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
