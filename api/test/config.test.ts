import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'

import { ConfigError, loadConfig, readSettings } from '../src/config.ts'
import { endOf, giveToApi, newFolder, program, startApi } from './start-api.ts'

const skipWindows = process.platform === 'win32' && 'Windows has no mkfifo'
const skipRoot = process.getuid?.() !== 0 && 'only root can start it as root'

const random = () => randomBytes(48).toString('base64')
const least = { JWT_SECRET: random(), LAB_USERS: 'demo:password' }
const wrong = {
  PORT: 'http',
  METRICS_PORT: '65536',
  JOURNAL_MODE: 'memory',
  BUSY_TIMEOUT_MS: '60001',
  JWT_SECRET: 'hush-hush-hush',
  JWT_SECRET_PREVIOUS: 'hush',
  JWT_TTL: '0',
  LAB_USERS: 'demo:s3cret,whisper',
  LOGIN_ATTEMPTS_PER_MINUTE: '-1',
  SHED_AFTER_MS: 'soon',
  DATABASE_URL: 'mysql://hush',
  GROUP_COMMIT: 'yes',
  AUTH: 'basic',
  METRICS_EVENTS: 'disk',
  LOG_LEVEL: 'loud',
}
const secrets = /hush|s3cret|whisper/

function problemsOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    assert(error instanceof ConfigError)
    return error.problems
  }
}
/** The variables that the problems are about; each problem begins with its variable. */
const variablesOf = (env: Record<string, string>) => problemsOf(env).map((problem) => problem.split(' ')[0])

/** The program ends with code 1 and one line that names this. */
async function assertRefused(env: Record<string, string>, names: string[], folder?: string, words?: string[]) {
  const { code, stderr } = await endOf(env, folder, words)
  assert.equal(stderr.trimEnd().split('\n').length, 1, `one line: ${stderr}`)
  for (const name of names) assert.ok(stderr.includes(name), `${name} in: ${stderr}`)
  assert.equal(code, 1)
}

test('every problem of the environment is reported, with its variable', () => {
  const entries = Object.keys(wrong).flatMap((name) => (name === 'LAB_USERS' ? [name, name] : [name]))
  assert.deepEqual(variablesOf(wrong).sort(), entries.sort())
})

for (const [variable, values] of Object.entries({
  PORT: ['-1', '1.5', '65536', ' 80', '0x50', '1e3', '9999999999'],
  JWT_SECRET: ['x', random().slice(0, 31), 'äöüßéèáàôûîñçøå'],
  LAB_USERS: ['demo', ':password', 'demo:', 'demo:1234567', 'de mo:password', 'a:password,', 'a:password,a:password'],
  JOURNAL_MODE: ['WAL', 'off'],
  DATABASE_PATH: ['~/notes.db', '~', ':memory:', 'file:notes.db', 'file:///data/notes.db?mode=ro', 'data/', ' ', 'a '],
})) {
  test(`each wrong ${variable} is one problem`, () => {
    for (const value of values) assert.deepEqual(variablesOf({ ...least, [variable]: value }), [variable], value)
  })
}

test('the ports must differ, unless the system chooses them', () => {
  assert.deepEqual(variablesOf({ ...least, PORT: '9464' }), ['METRICS_PORT'])
  assert.deepEqual(problemsOf({ ...least, PORT: '0', METRICS_PORT: '0' }), [])
})

test('secrets have no default, every other setting has one', () => {
  assert.deepEqual(variablesOf({}), ['JWT_SECRET', 'LAB_USERS'])
  const { JWT_SECRET, ...others } = loadConfig(least)
  assert.equal(String(JWT_SECRET?.export()), least.JWT_SECRET)
  assert.deepEqual(others, {
    HOST: '127.0.0.1',
    PORT: 8080,
    METRICS_PORT: 9464,
    DATABASE_PATH: 'data/notes.db',
    JOURNAL_MODE: 'delete',
    BUSY_TIMEOUT_MS: 0,
    GROUP_COMMIT: 'on',
    AUTH: 'jwt',
    JWT_TTL: 3600,
    LAB_USERS: [{ name: 'demo', password: 'password' }],
    LOGIN_ATTEMPTS_PER_MINUTE: 10,
    SHED_AFTER_MS: 0,
    METRICS_EVENTS: 'off',
    LOG_LEVEL: 'info',
  })
})

test('sessions need no secret, and a database is a file or a server', () => {
  const { LAB_USERS } = least
  assert.equal(loadConfig({ LAB_USERS, AUTH: 'session' }).JWT_SECRET, undefined)
  const DATABASE_URL = 'postgres://api:hush@db/notes?sslmode=verify-full'
  assert.equal(loadConfig({ ...least, DATABASE_URL }).DATABASE_URL, DATABASE_URL)
  const both = { ...least, DATABASE_URL, DATABASE_PATH: 'notes.db' }
  assert.deepEqual(variablesOf(both), ['DATABASE_URL'])
  assert.doesNotMatch(problemsOf(both).join(), secrets)
  assert.deepEqual(variablesOf({ ...least, DATABASE_URL, METRICS_EVENTS: 'sqlite' }), ['METRICS_EVENTS'])
})

test('an empty variable counts as one that is not set', () => {
  const empty = Object.fromEntries(Object.keys(wrong).map((name) => [name, '']))
  assert.deepEqual(loadConfig({ ...empty, HOST: '', DATABASE_PATH: '', ...least }), loadConfig(least))
  assert.deepEqual(variablesOf(empty), ['JWT_SECRET', 'LAB_USERS'])
})

test('the configuration cannot be changed afterwards', () => {
  const config = loadConfig(least) as { PORT: number }
  assert.throws(() => {
    config.PORT = 1
  }, TypeError)
})

test('a secret is measured in bytes, and the example in .env.example is none', () => {
  assert.deepEqual(problemsOf({ ...least, JWT_SECRET: 'äö7üß4éèá2àôûîñçøå' }), [])
  const example = readSettings(join(import.meta.dirname, '../../.env.example'), {})
  assert.deepEqual(variablesOf(example as Record<string, string>), ['JWT_SECRET', 'LAB_USERS'])
})

test('of two secrets the first signs and the second, the previous one, is accepted', () => {
  const previous = random()
  const { JWT_SECRET, JWT_SECRET_PREVIOUS } = loadConfig({ ...least, JWT_SECRET_PREVIOUS: previous })
  assert.deepEqual(
    [JWT_SECRET, JWT_SECRET_PREVIOUS].map((key) => String(key?.export())),
    [least.JWT_SECRET, previous],
  )
})

test('a password may hold a colon', () => {
  assert.deepEqual(loadConfig({ ...least, LAB_USERS: 'demo:pass:word' }).LAB_USERS, [
    { name: 'demo', password: 'pass:word' },
  ])
})

test('the program ends with every problem on a line of standard error, without a secret and without a stack', async () => {
  const { code, stdout, stderr } = await endOf(wrong)
  assert.deepEqual(stderr.trimEnd().split('\n'), problemsOf(wrong))
  assert.doesNotMatch(stderr, secrets)
  assert.equal(stdout, '')
  assert.equal(code, 1)
})

for (const variable of ['PORT', 'METRICS_PORT']) {
  test(`a ${variable} that is in use ends the program with a sentence`, async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    t.after(() => other.close())
    await once(other, 'listening')
    const port = String((other.address() as AddressInfo).port)
    await assertRefused({ [variable]: port, DATABASE_PATH: join(newFolder(t), 'notes.db') }, [variable, port])
  })
}

test('a HOST of another machine ends the program with a sentence', async (t) => {
  // 192.0.2.1 is reserved for documentation.
  const env = { HOST: '192.0.2.1', DATABASE_PATH: join(newFolder(t), 'notes.db') }
  await assertRefused(env, ['HOST', '192.0.2.1', 'EADDRNOTAVAIL'])
})

test('started as root the program ends with a sentence and creates nothing', { skip: skipRoot }, async (t) => {
  const folder = newFolder(t)
  await assertRefused({ DATABASE_PATH: join(folder, 'notes.db') }, ['root'], folder, program.slice(-1))
  assert.deepEqual(readdirSync(folder), [])
})

test('the folder of the database is created, but not the folder around it; only its user may read the file', async (t) => {
  const folder = newFolder(t)
  await endOf({ HOST: '192.0.2.1', DATABASE_PATH: join(folder, 'made', 'notes.db') })
  assert.equal(statSync(join(folder, 'made', 'notes.db')).mode & 0o077, 0)
  await assertRefused({ DATABASE_PATH: join(folder, 'a', 'b', 'notes.db') }, ['DATABASE_PATH', 'ENOENT'])
  assert(!existsSync(join(folder, 'a')))
})

for (const [what, create] of Object.entries({
  'a folder': (path: string) => mkdirSync(path),
  'a named pipe': (path: string) => execFileSync('mkfifo', [path]),
  'a link to itself': (path: string) => symlinkSync(path, path),
})) {
  test(`${what} as the database ends the program with a sentence`, { skip: skipWindows }, async (t) => {
    const path = join(newFolder(t), 'notes.db')
    create(path)
    if (existsSync(path)) giveToApi(path)
    await assertRefused({ DATABASE_PATH: path }, ['DATABASE_PATH', path])
  })
}

for (const [what, mode] of Object.entries({ entered: 0o600, read: 0o100 })) {
  test(`a folder that may not be ${what} ends the program with a sentence`, { skip: skipWindows }, async (t) => {
    const folder = newFolder(t)
    chmodSync(folder, mode)
    await assertRefused({ DATABASE_PATH: join(folder, 'notes.db') }, ['DATABASE_PATH', 'EACCES'])
  })
}

for (const [what, path] of Object.entries({
  'a name that is too long': 'n'.repeat(300),
  'a name with room only for itself': 'n'.repeat(252),
  'a folder that takes no file': '/proc/notes.db',
  'a folder that is a link to itself': 'loop/notes.db',
  'a folder that is a link to nothing': 'gone/notes.db',
})) {
  test(`${what} ends the program with a sentence`, { skip: skipWindows }, async (t) => {
    const folder = newFolder(t)
    symlinkSync('loop', join(folder, 'loop'))
    symlinkSync('nothing', join(folder, 'gone'))
    await assertRefused({ DATABASE_PATH: resolve(folder, path) }, ['DATABASE_PATH'])
    assert.deepEqual(readdirSync(folder), ['gone', 'loop'])
  })
}

/** The settings that a .env with this text gives, without the environment. */
function settingsOf(t: TestContext, text: string | Buffer, env: Record<string, string> = {}) {
  const path = join(newFolder(t), '.env')
  writeFileSync(path, text)
  return readSettings(path, env)
}

test('.env is read as it is meant: comments, quotes, spaces, line ends, a byte order mark', (t) => {
  const lines = [
    '\ufeffPORT=1',
    '# a comment',
    '',
    "LAB_USERS='demo:Tr0ub4dor#2026,eve:x'",
    'A="a b" # c',
    ' export B = b ',
    'C=c d # e',
    'D=',
    'E=e=f',
  ]
  const expected = { PORT: '1', LAB_USERS: 'demo:Tr0ub4dor#2026,eve:x', A: 'a b', B: 'b', C: 'c d', D: '', E: 'e=f' }
  for (const end of ['\n', '\r\n']) assert.deepEqual({ ...settingsOf(t, lines.join(end)) }, expected)
  assert.deepEqual(readSettings(join(newFolder(t), '.env'), { PORT: '2' }), { PORT: '2' })
})

test('what cannot be read as it is meant in .env is refused with its line, without its text', (t) => {
  const wrong = [
    'LAB_USERS=demo:Tr0ub4dor#2026,eve:secret',
    'LAB_USERS demo:secret',
    'A: secret',
    "A='secret",
    'A="se\\cret"',
    "A='a' secret",
    'A-B=secret',
    '=secret',
    'P\0O\0R\0',
    'PORT=3',
    "PORT='3'",
    'A=1\rB=2',
    '# a comment\rA=secret',
    '\ufeffA=secret',
    Buffer.from('LAB_USERS=demo:secr\xe9t1', 'latin1'),
  ]
  for (const [i, line] of wrong.entries()) {
    const text = Buffer.concat([`PORT=1\n${'\n'.repeat(i)}`, line, '\nMETRICS_PORT=2'].map((part) => Buffer.from(part)))
    assert.throws(
      () => settingsOf(t, text),
      (error: ConfigError) => {
        assert.equal(error.problems.length, 1, String(line))
        assert.match(String(error.problems[0]), new RegExp(`\\bline ${i + 2}\\b`))
        assert.doesNotMatch(String(error.problems[0]), /secret|2026/)
        return true
      },
    )
  }
})

test('the environment goes before .env, except for HOST, which some shells set to the name of the machine', (t) => {
  const env = { PORT: '1', HOST: 'my-laptop', LOG_LEVEL: '' }
  const file = 'PORT=2\nHOST=127.0.0.1\nLOG_LEVEL=warn\n'
  assert.deepEqual({ ...settingsOf(t, file, env) }, { PORT: '1', HOST: '127.0.0.1', LOG_LEVEL: 'warn' })
  assert.deepEqual({ ...settingsOf(t, 'PORT=2\n', { HOST: '0.0.0.0' }) }, { PORT: '2', HOST: '0.0.0.0' })
})

test('a .env that cannot be read ends the program with a sentence', async (t) => {
  const folder = newFolder(t)
  mkdirSync(join(folder, '.env'))
  await assertRefused({ DATABASE_PATH: join(folder, 'notes.db') }, ['.env', 'EISDIR'], folder)
})

test('settings of a .env in the working directory are used', async (t) => {
  const folder = newFolder(t)
  writeFileSync(join(folder, '.env'), `LAB_USERS=mia:password-of-mia\nHOST=127.0.0.1\n`)
  const api = await startApi(t, { DATABASE_PATH: join(folder, 'notes.db'), HOST: '192.0.2.1', BUSY_TIMEOUT_MS: '' }, [
    'LAB_USERS',
  ])
  const json = { username: 'mia', password: 'password-of-mia' }
  assert.equal((await api.fetch('/auth/login', { method: 'POST', json })).status, 200)
  const { settings_from_environment } = await api.logged(({ msg }) => msg === 'listening')
  assert.deepEqual(settings_from_environment, [
    'PORT',
    'METRICS_PORT',
    'DATABASE_PATH',
    'JWT_SECRET',
    'LOGIN_ATTEMPTS_PER_MINUTE',
  ])
})

test('a HOST that the environment decides is named in the log', async (t) => {
  const api = await startApi(t, { HOST: '127.0.0.1' })
  const { settings_from_environment } = await api.logged(({ msg }) => msg === 'listening')
  assert.ok((settings_from_environment as string[]).includes('HOST'))
})

test('a value that holds a line break is reported on one line', () => {
  assert.doesNotMatch(String(problemsOf({ ...least, PORT: '80\n81' })), /\n/)
})

for (const path of ['file/notes.db', 'file/data/notes.db']) {
  test(`the database path ${path} through a regular file ends the program with a sentence`, async (t) => {
    const folder = newFolder(t)
    writeFileSync(join(folder, 'file'), '')
    await assertRefused({ DATABASE_PATH: join(folder, path) }, ['DATABASE_PATH', 'file'])
  })
}
