import { Pool } from 'undici'
import { Sentence } from '../sentence.ts'
import { type Attempt, askAndListen, attemptAtRate, type Scene, type Stage } from './attack.ts'

/** Guesses the password of the user, from one address. */
export async function guessPasswords({ target, pool }: Scene) {
  return guessesFrom([pool], target.username)
}

/** The same from twenty addresses at once, as a rented crowd of machines would. */
export async function guessFromManyAddresses({ target }: Scene) {
  if (target.addresses.length === 0)
    throw new Sentence(
      'Skipped: this machine has no addresses to spare; Linux has them, and the stack: make experiment',
    )
  const pools = target.addresses.map(({ url, localAddress }) => new Pool(url, { connections: 4, localAddress }))
  const attack = guessesFrom(pools, target.username)
  return (stage: Stage) => attack(stage).finally(() => Promise.all(pools.map((pool) => pool.destroy())))
}

function guessesFrom(pools: Pool[], username: string) {
  let count = 0
  const next = (): Attempt => {
    const pool = pools[count % pools.length] as Pool
    const body = { username, password: `password${count++}` }
    const send = (signal: AbortSignal) => askAndListen(pool, { method: 'POST', path: '/auth/login', body, signal })
    return { what: 'a guess', send }
  }
  return (stage: Stage) => attemptAtRate(stage, next)
}
