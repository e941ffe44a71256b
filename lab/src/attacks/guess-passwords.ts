import { Pool } from 'undici'
import { UserError } from '../errors.ts'
import { type AttackContext, type AttackRequest, type AttackRun, askAndListen, attemptAtRate } from './attack.ts'

/** Guesses the password of the user, from one address. */
export async function guessPasswords({ target, pool }: AttackContext) {
  return guessesFrom([pool], target.username)
}

/** The same from twenty addresses at once, as with twenty rented machines. */
export async function guessFromManyAddresses({ target: { url, username, addresses } }: AttackContext) {
  if (addresses.length === 0)
    throw new UserError('Skipped: only on Linux has the loopback other addresses. The stack runs on Linux: make up')
  const pools = addresses.map((localAddress) => new Pool(url, { connections: 4, localAddress }))
  const attack = guessesFrom(pools, username)
  return (run: AttackRun) => attack(run).finally(() => Promise.all(pools.map((pool) => pool.destroy())))
}

function guessesFrom(pools: Pool[], username: string) {
  let count = 0
  const next = (): AttackRequest => {
    const pool = pools[count % pools.length] as Pool
    const body = { username, password: `password${count++}` }
    const send = (signal: AbortSignal) => askAndListen(pool, { method: 'POST', path: '/auth/login', body, signal })
    return { what: 'a guess', send }
  }
  return (run: AttackRun) => attemptAtRate(run, next)
}
