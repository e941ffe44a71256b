import { readFileSync } from 'node:fs'
import { weaknessOf } from './keys.ts'

// What is secret may stand in the environment or in a file, which can be changed while the program runs. Each function
// here adds a sentence to `faults` for whatever is wrong, without repeating it.

export type User = { name: string; password: string }
type Read = (variable: string) => string | undefined

/** The secret that signs tokens, and the previous one where it is still accepted. */
export function readJwtSecrets(read: Read, faults: string[]): readonly [string, ...string[]] {
  const file = read('JWT_SECRET_FILE')
  const values = [read('JWT_SECRET'), read('JWT_SECRET_PREVIOUS')]
  if (file !== undefined && values.some((value) => value !== undefined)) {
    faults.push('JWT_SECRET_FILE stands instead of JWT_SECRET and JWT_SECRET_PREVIOUS; set the one or the others')
  }
  const text = file && readText('JWT_SECRET_FILE', file, 'a secret on its first line', faults)
  if (file !== undefined && text === undefined) return ['']
  const [signing = '', previous, ...more] = text === undefined ? values : text.split(/\r?\n/)
  const names =
    file === undefined ? ['JWT_SECRET', 'JWT_SECRET_PREVIOUS'] : ['JWT_SECRET_FILE', 'JWT_SECRET_FILE, line 2,']
  for (const [i, secret] of [signing, previous].entries()) {
    const weakness = secret !== undefined && weaknessOf(secret)
    if (!weakness) continue
    const wish = 'must be random and have at least 32 bytes'
    faults.push(`${names[i]} ${wish}; ${weakness}. Make one with: openssl rand -base64 48`)
  }
  if (signing === previous) faults.push(`${names[1]} must differ from the secret that signs, or be left out`)
  if (more.length > 0) faults.push('JWT_SECRET_FILE must have one line that signs and at most one still accepted')
  return previous === undefined ? [signing] : [signing, previous]
}

/** The users: entries with commas between them, in a file with line breaks too. */
export function readUsers(read: Read, faults: string[]): User[] {
  const file = read('LAB_USERS_FILE')
  const value = read('LAB_USERS')
  if (file !== undefined && value !== undefined) {
    faults.push('LAB_USERS_FILE stands instead of LAB_USERS; set the one or the other')
  }
  const variable = file === undefined ? 'LAB_USERS' : 'LAB_USERS_FILE'
  const text = file === undefined ? value : readText(variable, file, 'a name:password on each line', faults)
  if (file !== undefined && text === undefined) return []
  if (!text) {
    faults.push(`${variable} must name at least one user as name:password,name:password; it is missing`)
    return []
  }
  const users = text.split(file === undefined ? ',' : /,|\r?\n/).map((entry) => {
    const colon = entry.indexOf(':')
    return { name: entry.slice(0, Math.max(colon, 0)), password: entry.slice(colon + 1) }
  })
  users.forEach(({ name, password }, i) => {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(name)) {
      faults.push(
        `${variable} entry ${i + 1} must be name:password, the name of 1 to 64 letters, digits, dots, hyphens or underscores`,
      )
    } else if (password.length < 8 || password.length > 1024) {
      faults.push(`${variable} needs a password of 8 to 1024 characters for ${name}; a comma ends it`)
    }
  })
  const names = users.map((user) => user.name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice) faults.push(`${variable} must name each user once; ${twice} stands there twice`)
  return users
}

function readText(variable: string, path: string, what: string, faults: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/(\r?\n)+$/, '')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    faults.push(`${variable} must name a file with ${what}; reading it failed (${code})`)
    return undefined
  }
}
