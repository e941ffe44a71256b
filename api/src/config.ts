import { readFileSync } from 'node:fs'
import { weaknessOf } from './keys.ts'

export type Config = {
  host: string
  port: number
  metricsPort: number
  databasePath: string
  journalMode: 'delete' | 'wal'
  /** How long SQLite waits for a lock, and everything else with it. */
  busyTimeoutMs: number
  /** The first signs tokens; tokens of the second, the previous one, are still accepted. */
  jwtSecrets: readonly [string, ...string[]]
  /** Seconds a token stays valid. */
  jwtTtl: number
  users: { name: string; password: string }[]
  /** Per user name and address; 0 switches the limit off. */
  loginAttemptsPerMinute: number
  logLevel: string
}

/** What keeps the program from starting and a person can mend: one sentence for each fault, saying what would be right. */
export class ConfigError extends Error {
  readonly faults: string[]
  constructor(faults: string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** Reads the environment into a frozen object. Throws ConfigError. Secrets have no default and are never repeated. */
export function loadConfig(env: NodeJS.ProcessEnv): Readonly<Config> {
  const faults: string[] = []
  // Compose hands an unset variable on as an empty one.
  const read = (name: string) => env[name] || undefined

  function integer(name: string, fallback: number, from: number, to: number) {
    const text = read(name)
    if (text === undefined) return fallback
    if (/^\d{1,9}$/.test(text) && Number(text) >= from && Number(text) <= to) return Number(text)
    faults.push(
      `${name} must be a whole number from ${from} to ${to}, for example ${fallback}; it is ${JSON.stringify(text)}`,
    )
    return fallback
  }

  function oneOf<T extends string>(name: string, fallback: T, values: readonly T[]) {
    const text = read(name) ?? fallback
    if (values.includes(text as T)) return text as T
    faults.push(`${name} must be one of ${values.join(', ')}; it is ${JSON.stringify(text)}`)
    return fallback
  }

  // Secrets in a file can be changed while the program runs, where an environment cannot.
  function linesOfSecretFile(path: string) {
    try {
      return readFileSync(path, 'utf8').trimEnd().split(/\r?\n/)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      faults.push(`JWT_SECRET_FILE must name a file with a secret on its first line; reading it failed (${code})`)
      return undefined
    }
  }

  function jwtSecrets(): Config['jwtSecrets'] {
    const file = read('JWT_SECRET_FILE')
    const values = [read('JWT_SECRET'), read('JWT_SECRET_PREVIOUS')]
    if (file !== undefined && values.some((value) => value !== undefined)) {
      faults.push('JWT_SECRET_FILE stands instead of JWT_SECRET and JWT_SECRET_PREVIOUS; set the one or the others')
    }
    const found = file === undefined ? values : linesOfSecretFile(file)
    if (!found) return ['']
    const [signing = '', previous, ...more] = found
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

  function users() {
    const text = read('LAB_USERS')
    if (text === undefined) {
      faults.push('LAB_USERS must name at least one user as name:password,name:password; it is missing')
      return []
    }
    const parsed = text.split(',').map((entry) => {
      const colon = entry.indexOf(':')
      return { name: entry.slice(0, Math.max(colon, 0)), password: entry.slice(colon + 1) }
    })
    parsed.forEach(({ name, password }, i) => {
      if (!/^[A-Za-z0-9._-]{1,64}$/.test(name)) {
        faults.push(
          `LAB_USERS entry ${i + 1} must be name:password, the name of 1 to 64 letters, digits, dots, hyphens or underscores`,
        )
      } else if (password.length < 8 || password.length > 1024) {
        faults.push(`LAB_USERS needs a password of 8 to 1024 characters for ${name}; a comma ends it`)
      }
    })
    const names = parsed.map((user) => user.name)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice) faults.push(`LAB_USERS must name each user once; ${twice} stands there twice`)
    return parsed
  }

  const config: Config = {
    host: read('HOST') ?? '127.0.0.1',
    port: integer('PORT', 8080, 0, 65535),
    metricsPort: integer('METRICS_PORT', 9464, 0, 65535),
    databasePath: read('DATABASE_PATH') ?? 'data/notes.db',
    journalMode: oneOf('JOURNAL_MODE', 'delete', ['delete', 'wal']),
    busyTimeoutMs: integer('BUSY_TIMEOUT_MS', 0, 0, 60_000),
    jwtSecrets: jwtSecrets(),
    jwtTtl: integer('JWT_TTL', 3600, 1, 31_536_000),
    users: users(),
    loginAttemptsPerMinute: integer('LOGIN_ATTEMPTS_PER_MINUTE', 10, 0, 1_000_000),
    logLevel: oneOf('LOG_LEVEL', 'info', logLevels),
  }
  if (config.port !== 0 && config.port === config.metricsPort) {
    faults.push(`METRICS_PORT must differ from PORT; both are ${config.port}`)
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return Object.freeze(config)
}
