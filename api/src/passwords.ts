import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import pLimit from 'p-limit'

const argon2Async = promisify(argon2)
// OWASP's minimum for argon2id: 19 MiB of memory, two passes, one lane.
const cost = { memory: 19_456, passes: 2, parallelism: 1 }

// One hash at a time: two would take both cores of a small machine, and the reads would wait.
const oneAtATime = pLimit(1)

/** Hashes that wait for their turn. */
export const waitingHashes = () => oneAtATime.pendingCount

function hash(password: string, nonce: Buffer) {
  return oneAtATime(() => argon2Async('argon2id', { ...cost, message: password, nonce, tagLength: 32 }))
}

/** The hash as a PHC string, $argon2id$v=19$m=…,t=…,p=…$salt$hash; about 20 ms of one core. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const tag = await hash(password, salt)
  const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(salt)}$${base64(tag)}`
}

// Looks like a stored hash, and no password leads to it.
const nobody = `$argon2id$$$${randomBytes(16).toString('base64')}$${randomBytes(32).toString('base64')}`

/** Without a stored hash (no such user) the same work is done, so that the time tells nothing; the answer is false. */
export async function verifyPassword(stored: string | undefined, password: string): Promise<boolean> {
  const [, , , , salt = '', tag = ''] = (stored ?? nobody).split('$')
  const found = await hash(password, Buffer.from(salt, 'base64'))
  return timingSafeEqual(found, Buffer.from(tag, 'base64')) && stored !== undefined
}
