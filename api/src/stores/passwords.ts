import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import pLimit from 'p-limit'

// OWASP's minimum for argon2id: 19 MiB of memory, two passes, one lane.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

// One login's hash at a time: two would take both cores of a small machine, and reads would wait.
const oneAtATime = pLimit(1)

/** Number of hashes that wait for their turn. */
export const waitingHashes = () => oneAtATime.pendingCount

let hashMs = 20 // moving mean; the start makes or checks the hashes of all users, so it is measured before the first login

async function measured<T>(work: Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await work
  hashMs += (performance.now() - start - hashMs) / 10
  return result
}

/** How long a login waits for its turn now, in milliseconds. */
export const loginWaitMs = () => (oneAtATime.pendingCount + oneAtATime.activeCount) * hashMs

/** Returns the hash as a PHC string, $argon2id$v=19$m=…,t=…,p=…$salt$hash; about 10 ms of one core. */
export function hashPassword(password: string): Promise<string> {
  return measured(hash(password, cost))
}

/** Whether the password belongs to the hash; the same work. */
export function isPasswordOf(stored: string, password: string): Promise<boolean> {
  return measured(verify(stored, password))
}

// Dummy hash: unknown users cost the same time as wrong passwords.
const random = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '')
const dummy = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$${random(16)}$${random(32)}`

/**
 * Checks the password of a login in its turn. `stored` is undefined for an unknown user. A login that was aborted while it
 * waited is not hashed: under overload all work would be for clients that have gone.
 */
export function verifyPassword(stored: string | undefined, password: string, aborted: () => boolean): Promise<boolean> {
  return oneAtATime(async () => !aborted() && (await isPasswordOf(stored ?? dummy, password)) && stored !== undefined)
}
