import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import pLimit from 'p-limit'

// OWASP's minimum for argon2id: 19 MiB of memory, two passes, one lane.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

// One login's hash at a time: two would take both cores of a small machine, and the reads would wait.
const oneAtATime = pLimit(1)

/** Hashes that wait for their turn. */
export const waitingHashes = () => oneAtATime.pendingCount

/** The hash as a PHC string, $argon2id$v=19$m=…,t=…,p=…$salt$hash; some 10 ms of one core. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, cost)
}

/** Whether the password belongs to the hash; as much work. */
export function isPasswordOf(stored: string, password: string): Promise<boolean> {
  return verify(stored, password)
}

// Looks like a stored hash, and no password leads to it.
const random = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '')
const nobody = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$${random(16)}$${random(32)}`

/** For a login. Without a stored hash (no such user) the same work is done, so that the time tells nothing; the answer is false. */
export async function verifyPassword(stored: string | undefined, password: string): Promise<boolean> {
  return (await oneAtATime(() => isPasswordOf(stored ?? nobody, password))) && stored !== undefined
}
