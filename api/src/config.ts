import { createSecretKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { z } from 'zod'

/** The program cannot start, and a person can correct it. Each problem is one sentence that says what would be right. */
export class ConfigError extends Error {
  readonly problems: string[]
  constructor(problems: string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

function integer(fallback: number, from: number, to: number) {
  const isRight = (text: string) => /^\d{1,9}$/.test(text) && Number(text) >= from && Number(text) <= to
  const error = ({ input }: { input?: unknown }) =>
    `must be a whole number from ${from} to ${to}, for example ${fallback}; it is ${JSON.stringify(input)}`
  return z.string().refine(isRight, { error }).transform(Number).default(fallback)
}

function oneOf<const T extends string>(fallback: NoInfer<T>, values: readonly T[]) {
  const error = ({ input }: { input?: unknown }) =>
    `must be one of ${values.join(', ')}; it is ${JSON.stringify(input)}`
  return z.enum(values, { error }).default(fallback)
}

const secret = z
  .string()
  .refine((text) => Buffer.byteLength(text) >= 32, 'must have at least 32 bytes, from: openssl rand -base64 48')
  .transform((text) => createSecretKey(Buffer.from(text))) // jsonwebtoken would try a string as a public key, for 90 µs

const user = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}:.{8,1024}$/s, {
    abort: true,
    error:
      'must be name:password, the name of 1 to 64 letters, digits, dots, hyphens or underscores, the password of 8 to ' +
      '1024 characters; a comma ends it',
  })
  .transform((entry) => ({ name: entry.slice(0, entry.indexOf(':')), password: entry.slice(entry.indexOf(':') + 1) }))
const users = z
  .string({ error: 'must name at least one user as name:password,name:password; it is missing' })
  .transform((text) => text.split(','))
  .pipe(z.array(user))
  .refine((users) => new Set(users.map(({ name }) => name)).size === users.length, 'must name each user once')

const settings = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: integer(8080, 0, 65535),
    METRICS_PORT: integer(9464, 0, 65535),
    DATABASE_PATH: z
      .string()
      .refine((path) => !/^[~\s]|^file:|^:memory:$|[/\\\s]$/.test(path), {
        error: 'must be the path of a file: no ~, URL, folder, :memory: or space at an end; for example data/notes.db',
      })
      .default('data/notes.db'),
    /** A PostgreSQL server in place of the file; its own options, such as sslmode, are part of the URL. */
    DATABASE_URL: z
      .string()
      .refine((url) => /^postgres(ql)?:\/\//.test(url) && URL.canParse(url), {
        error: 'must be a URL of PostgreSQL, for example postgres://user:password@localhost/notes', // not repeated: a secret
      })
      .optional(),
    JOURNAL_MODE: oneOf('delete', ['delete', 'wal']),
    /** How long SQLite waits for a lock, and the whole process with it; in PostgreSQL only the request waits. */
    BUSY_TIMEOUT_MS: integer(0, 0, 60_000),
    /** off: each write of SQLite is a transaction of its own. */
    GROUP_COMMIT: oneOf('on', ['on', 'off']),
    AUTH: oneOf('jwt', ['jwt', 'session']),
    JWT_SECRET: secret.optional(),
    /** Tokens that it has signed are still accepted. */
    JWT_SECRET_PREVIOUS: secret.optional(),
    /** Maximum and default lifetime of a token, in seconds. */
    JWT_TTL: integer(3600, 1, 31_536_000),
    LAB_USERS: users,
    /** Per user name and address; 0 switches the limits off. */
    LOGIN_ATTEMPTS_PER_MINUTE: integer(10, 0, 1_000_000),
    /** Requests that would wait longer, in milliseconds, are refused at once; 0: none. */
    SHED_AFTER_MS: integer(0, 0, 60_000),
    /** Where one row per second and class of routes is kept for an hour. */
    METRICS_EVENTS: oneOf('off', ['off', 'memory', 'sqlite']),
    LOG_LEVEL: oneOf('info', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  })
  .refine(({ PORT, METRICS_PORT }) => PORT === 0 || PORT !== METRICS_PORT, {
    path: ['METRICS_PORT'],
    error: 'must differ from PORT',
  })

export type Config = Readonly<z.infer<typeof settings>>
export const settingNames = Object.keys(settings.shape)
export type User = Config['LAB_USERS'][number]

/**
 * Returns the settings of a file, if there is one, and the environment, which takes precedence: except for HOST, which some
 * shells set to the name of the machine.
 */
export function readSettings(path: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  try {
    const file = parseEnv(readFileSync(path, 'utf8'))
    return { ...file, ...withoutEmpty(env), ...(file.HOST && { HOST: file.HOST }) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return env
    throw new ConfigError([`${path} cannot be read (${code}): make it a readable file`])
  }
}

// Compose passes an unset variable as an empty one.
function withoutEmpty(env: NodeJS.ProcessEnv) {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
}

/** Reads the environment into a frozen object. Throws a ConfigError with every problem; secrets are never repeated. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const given = withoutEmpty(env)
  const { data, error } = settings.safeParse(given)
  const nameOf = ([name, entry]: PropertyKey[]) =>
    String(name) + (entry === undefined ? '' : ` entry ${Number(entry) + 1}`)
  const wrong = error?.issues.map(({ path, message }) => `${nameOf(path)} ${message}`) ?? []
  const problems = [...conflicts(given), ...wrong]
  if (!data || problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(data)
}

/** What is wrong with settings together, each of which may be right. */
function conflicts({ AUTH, JWT_SECRET, DATABASE_URL, DATABASE_PATH, METRICS_EVENTS }: NodeJS.ProcessEnv): string[] {
  const rules: [isWrong: unknown, problem: string][] = [
    [AUTH !== 'session' && !JWT_SECRET, 'JWT_SECRET is missing; make one with: openssl rand -base64 48'],
    [DATABASE_URL && DATABASE_PATH, 'DATABASE_URL and DATABASE_PATH are both set: leave one of them out'],
    [DATABASE_URL && METRICS_EVENTS === 'sqlite', 'METRICS_EVENTS must be off or memory with DATABASE_URL'],
  ]
  return rules.filter(([isWrong]) => isWrong).map(([, problem]) => problem)
}
