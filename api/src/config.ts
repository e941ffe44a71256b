import { readJwtSecrets, readUsers, type User } from './secrets.ts'

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
  /** Who may log in, and nobody else. */
  users: User[]
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

  const config: Config = {
    host: read('HOST') ?? '127.0.0.1',
    port: integer('PORT', 8080, 0, 65535),
    metricsPort: integer('METRICS_PORT', 9464, 0, 65535),
    databasePath: read('DATABASE_PATH') ?? 'data/notes.db',
    journalMode: oneOf('JOURNAL_MODE', 'delete', ['delete', 'wal']),
    busyTimeoutMs: integer('BUSY_TIMEOUT_MS', 0, 0, 60_000),
    jwtSecrets: readJwtSecrets(read, faults),
    jwtTtl: integer('JWT_TTL', 3600, 1, 31_536_000),
    users: readUsers(read, faults),
    loginAttemptsPerMinute: integer('LOGIN_ATTEMPTS_PER_MINUTE', 10, 0, 1_000_000),
    logLevel: oneOf('LOG_LEVEL', 'info', logLevels),
  }
  if (config.port !== 0 && config.port === config.metricsPort) {
    faults.push(`METRICS_PORT must differ from PORT; both are ${config.port}`)
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return Object.freeze(config)
}
