import { createSecretKey, type KeyObject } from 'node:crypto'

/** The first key signs tokens; a token of any of them is accepted. Another array means that the keys were changed. */
export type Keys = readonly [KeyObject, ...KeyObject[]]

/** Key objects made once: from a string jsonwebtoken tries to make a public key first, 90 µs on every request. */
export function makeKeys([first, ...others]: readonly [string, ...string[]]): Keys {
  const make = (secret: string) => createSecretKey(Buffer.from(secret))
  return [make(first), ...others.map(make)]
}

// What people write where a random secret belongs; whole words only of what no random text is likely to hold.
const words =
  /authentication|development|production|password|passwort|passphrase|changeme|systems|thinking|insecure|example|default|private|replace|testing|secret|random|string|strong|qwerty|letmein|welcome|monkey|dragon|please|change|admin|least|super|token|value|notes|here|long|demo|pass|user|test|this|that|must|hush|your|auth|some|with|very|safe|have|root|jwt|key|lab|api|dev|bit|min|not|for|the|and|256|123/gi

// Letters and then digits, if any: where random text changes from one to the other all the time.
const word = /^\p{Lu}?\p{Ll}*\p{Lu}*\p{N}*$/u

/** Why a secret could be guessed, or undefined. It knows what people make up; that a secret is random nobody can tell. */
export function weaknessOf(secret: string): string | undefined {
  const bytes = Buffer.byteLength(secret)
  if (bytes < 32) return bytes === 0 ? 'it is missing' : `it has ${bytes} bytes`
  const letters = [...secret]
  const different = new Set(letters).size
  if (different < 8) return `it has only ${different} different characters`
  // No ten characters come twice in what is random, whatever is put in front or behind.
  if (letters.some((_, n) => secret.indexOf(secret.slice(n, n + 10), n + 1) > n && n + 10 < secret.length)) {
    return 'it repeats itself'
  }
  const steps = letters.filter((letter, n) => n > 0 && Math.abs(letter.charCodeAt(0) - secret.charCodeAt(n - 1)) <= 1)
  if (steps.length > (secret.length * 2) / 3) return 'its characters follow one another'
  if (secret.split(/[^\p{L}\p{N}]+/u).every((piece) => word.test(piece))) return 'it is made of words'
  const rest = secret.replace(words, '').replace(/[^\p{L}\p{N}]/gu, '')
  if (new Set(rest).size < 8 || rest.length < 16) return 'it is made of common words'
  return undefined
}
