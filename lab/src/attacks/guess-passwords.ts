import { connect as connectSocket } from 'node:net'
import { Pool } from 'undici'
import { Sentence } from '../sentence.ts'
import { type Attempt, askAndListen, attemptAtRate, type Scene, type Stage } from './attack.ts'

/** Guesses the password of the user, from one address. */
export async function guessPasswords({ target, pool }: Scene) {
  return guessesFrom([pool], target.username)
}

/** The same from twenty addresses at once, as a rented crowd of machines would. */
export async function guessFromManyAddresses({ target }: Scene) {
  const { hostname, port } = new URL(target.url)
  if (process.platform !== 'linux' || !hostname.startsWith('127.'))
    throw new Sentence('Skipped: only on the loopback of Linux has one machine many addresses: EMBEDDED=1')
  const addresses = Array.from({ length: 20 }, (_, i) => `127.0.0.${i + 11}`)
  const pools = addresses.map(
    (localAddress) =>
      new Pool(target.url, {
        connections: 4,
        connect: (_, callback) => {
          const socket = connectSocket({ host: hostname, port: Number(port), localAddress })
          socket.once('connect', () => callback(null, socket)).once('error', (error) => callback(error, null))
        },
      }),
  )
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
