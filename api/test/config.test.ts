import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { ConfigError, loadConfig } from '../src/config.ts'
import { weaknessOf } from '../src/keys.ts'
import { newFolder, startApi } from './start-api.ts'

const random = () => randomBytes(48).toString('base64')
const least = { JWT_SECRET: random(), LAB_USERS: 'demo:password' }
const wrong = {
  PORT: 'http',
  METRICS_PORT: '65536',
  JOURNAL_MODE: 'memory',
  BUSY_TIMEOUT_MS: '60001',
  JWT_SECRET: 'hush-hush-hush',
  JWT_TTL: '0',
  LAB_USERS: 'demo:s3cret,whisper,demo:password',
  LOGIN_ATTEMPTS_PER_MINUTE: '-1',
  LOG_LEVEL: 'loud',
}
const rights = [
  /^PORT must be a whole number from 0 to 65535/,
  /^METRICS_PORT must be a whole number from 0 to 65535/,
  /^JOURNAL_MODE must be one of delete, wal/,
  /^BUSY_TIMEOUT_MS must be a whole number from 0 to 60000/,
  /^JWT_SECRET must be random and have at least 32 bytes; it has 14 bytes/,
  /^JWT_TTL must be a whole number from 1 to/,
  /^LAB_USERS needs a password of 8 to 1024 characters for demo/,
  /^LAB_USERS entry 2 must be name:password/,
  /^LAB_USERS must name each user once; demo /,
  /^LOGIN_ATTEMPTS_PER_MINUTE must be a whole number from 0 to/,
  /^LOG_LEVEL must be one of trace, debug, info/,
]
const secrets = /hush|s3cret|whisper/

function faultsOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    assert(error instanceof ConfigError)
    return error.faults
  }
}

/** Starts the program where it cannot stay: what it says and how it ends. */
function endOf(env: Record<string, string>): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const full = { PATH: process.env.PATH, PORT: '0', METRICS_PORT: '0', ...least, ...env }
  const main = join(import.meta.dirname, '../src/main.ts')
  return new Promise((resolve) => {
    // In a folder without a .env, which would be read too.
    execFile(process.execPath, [main], { cwd: tmpdir(), env: full, timeout: 15_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr }),
    )
  })
}

async function assertRefused(env: Record<string, string>, sentence: RegExp) {
  const { code, stderr } = await endOf(env)
  assert.match(stderr, sentence)
  assert.equal(stderr.trimEnd().split('\n').length, 1, `one line: ${stderr}`)
  assert.equal(code, 1)
}

test('every fault of the environment is told, with its variable and what would be right', () => {
  const faults = faultsOf(wrong)
  assert.equal(faults.length, rights.length, faults.join('\n'))
  for (const right of rights)
    assert(
      faults.some((fault) => right.test(fault)),
      `${right} in\n${faults.join('\n')}`,
    )
})

for (const [variable, values] of Object.entries({
  PORT: ['-1', '1.5', '65536', ' 80', '0x50', '1e3', '9999999999'],
  JWT_SECRET: [random().slice(0, 31), 'äöüßéèáàôûîñçøå'],
  LAB_USERS: ['demo', ':password', 'demo:', 'demo:1234567', 'de mo:password', 'a:password,', 'a:password,a:password'],
  JOURNAL_MODE: ['WAL', 'off'],
})) {
  test(`each wrong ${variable} is a fault of its own`, () => {
    for (const value of values) {
      const faults = faultsOf({ ...least, [variable]: value })
      assert.equal(faults.length, 1, `${value}: ${faults}`)
      assert(String(faults[0]).startsWith(variable))
    }
  })
}

test('the ports must differ, unless the system chooses them', () => {
  assert.match(String(faultsOf({ ...least, PORT: '9464' })), /^METRICS_PORT must differ from PORT; both are 9464/)
  assert.deepEqual(faultsOf({ ...least, PORT: '0', METRICS_PORT: '0' }), [])
})

test('secrets have no default, everything else has one', () => {
  assert.deepEqual(
    faultsOf({}).map((fault) => fault.split(' ')[0]),
    ['JWT_SECRET', 'LAB_USERS'],
  )
  assert.deepEqual(loadConfig(least), {
    host: '127.0.0.1',
    port: 8080,
    metricsPort: 9464,
    databasePath: 'data/notes.db',
    journalMode: 'delete',
    busyTimeoutMs: 0,
    jwtSecrets: [least.JWT_SECRET],
    jwtTtl: 3600,
    users: [{ name: 'demo', password: 'password' }],
    loginAttemptsPerMinute: 10,
    logLevel: 'info',
  })
})

test('an empty variable counts as one that is not set', () => {
  const empty = Object.fromEntries(Object.keys(wrong).map((name) => [name, '']))
  assert.deepEqual(loadConfig({ ...empty, HOST: '', DATABASE_PATH: '', ...least }), loadConfig(least))
  assert.match(String(faultsOf(empty)), /^JWT_SECRET .* it is missing.*LAB_USERS .* it is missing$/)
})

test('the configuration cannot be changed afterwards', () => {
  const config = loadConfig(least) as { port: number }
  assert.throws(() => {
    config.port = 1
  }, TypeError)
})

test('a secret is measured in bytes', () => {
  assert.deepEqual(faultsOf({ ...least, JWT_SECRET: 'äö7üß4éèá2àôûîñçøå' }), [])
})

// As people make them up; what stands before the secret is what is said of it.
const guessable: [RegExp, ...string[]][] = [
  [/it has only 1 different/, 'x'.repeat(32)],
  [/it has only 3 different/, 'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbcccccccc'],
  [/it has only 4 different/, 'hush-hush-hush-hush-hush-hush-hush-hush'],
  [
    /it repeats itself/,
    'my-secret-'.repeat(4),
    '0123456789abcdef'.repeat(2),
    'P4ssw0rd!'.repeat(4).slice(1),
    'secretworldsecretworldsecretworld2024',
    'changeme changeme please changeme now!!!',
    'your-256-bit-secret-your-256-bit-secret!',
  ],
  [/characters follow one another/, 'abcdefghijklmnopqrstuvwxyz0123456789', 'aabbccddeeffgghhiijjkkllmmnnoopp'],
  [
    /it is made of words/,
    'this-is-my-super-secret-jwt-key-please-change-me',
    'a-string-secret-at-least-256-bits-long',
    'replace_this_with_at_least_32_random_bytes',
    'Correct-Horse-Battery-Staple-2026-Forever',
    'the quick brown fox jumps over the lazy dog',
    'qwertyuiopasdfghjklzxcvbnm1234567890',
    'qpwoeirutyalskdjfhgzmxncbvqpalzmwoskxn',
  ],
  [/it is made of common words/, 'SuperSecretDevelopmentKeyForTheDemoAPI123', '2026VerySecretKey4Notes!Please0Change'],
]

test('a secret that people make up is refused, and the sentence says why without repeating it', () => {
  for (const [why, ...secrets] of guessable) {
    for (const secret of secrets) {
      const faults = faultsOf({ ...least, JWT_SECRET: secret })
      assert.equal(faults.length, 1, secret)
      assert.match(String(faults[0]), why)
      assert.ok(!String(faults[0]).includes(secret))
    }
  }
})

test('a random secret always passes, as base64 and as hex digits', () => {
  const bytes = fc.noBias(fc.uint8Array({ minLength: 48, maxLength: 48 }))
  const passes = fc.property(bytes, (bytes) => {
    for (const form of ['base64', 'hex', 'base64url'] as const) {
      assert.equal(weaknessOf(Buffer.from(bytes).toString(form)), undefined)
    }
  })
  fc.assert(passes, { numRuns: 2000, endOnFailure: true }) // smaller ones are less random
})

test('the previous secret is checked like the first, and must be another', () => {
  const previous = random()
  assert.deepEqual(loadConfig({ ...least, JWT_SECRET_PREVIOUS: previous }).jwtSecrets, [least.JWT_SECRET, previous])
  const weak = faultsOf({ ...least, JWT_SECRET_PREVIOUS: 'x'.repeat(32) })
  assert.match(String(weak), /^JWT_SECRET_PREVIOUS must be random/)
  assert.match(
    String(faultsOf({ ...least, JWT_SECRET_PREVIOUS: least.JWT_SECRET })),
    /^JWT_SECRET_PREVIOUS must differ/,
  )
})

test('a file may hold the secrets instead, one that signs and one that is still accepted', (t) => {
  const file = join(newFolder(t), 'secrets')
  const { LAB_USERS } = least
  const from = (text: string) => {
    writeFileSync(file, text)
    return { LAB_USERS, JWT_SECRET_FILE: file }
  }
  const [first, second] = [random(), random()]
  assert.deepEqual(loadConfig(from(`${first}\n`)).jwtSecrets, [first])
  assert.deepEqual(loadConfig(from(`${first}\r\n${second}\n`)).jwtSecrets, [first, second])
  assert.match(String(faultsOf(from('\n'))), /^JWT_SECRET_FILE must be random .* it is missing/)
  assert.match(String(faultsOf(from(`${first}\nshort`))), /^JWT_SECRET_FILE, line 2, must be random .* 5 bytes/)
  assert.match(String(faultsOf(from(`${first}\n${second}\n${random()}`))), /^JWT_SECRET_FILE must have one line/)
  assert.match(String(faultsOf({ ...from(first), JWT_SECRET: second })), /^JWT_SECRET_FILE stands instead/)
  assert.match(String(faultsOf({ LAB_USERS, JWT_SECRET_FILE: `${file}s` })), /^JWT_SECRET_FILE .*\(ENOENT\)/)
})

test('a file may hold the users instead, one a line or with commas', (t) => {
  const file = join(newFolder(t), 'users')
  const { JWT_SECRET } = least
  const from = (text: string) => {
    writeFileSync(file, text)
    return { JWT_SECRET, LAB_USERS_FILE: file }
  }
  const users = [
    { name: 'demo', password: 'password' },
    { name: 'eve', password: 'pass:word' },
  ]
  for (const text of [
    'demo:password\neve:pass:word\n',
    'demo:password\r\neve:pass:word',
    'demo:password,eve:pass:word',
  ]) {
    assert.deepEqual(loadConfig(from(text)).users, users)
  }
  assert.equal(loadConfig(from('demo:password \r\n\n')).users[0]?.password, 'password ')
  assert.match(String(faultsOf(from('\n'))), /^LAB_USERS_FILE must name at least one user .* it is missing/)
  assert.match(String(faultsOf(from('demo:password\n\neve:password'))), /^LAB_USERS_FILE entry 2 must be name:password/)
  assert.match(
    String(faultsOf({ ...from('demo:password'), LAB_USERS: 'demo:password' })),
    /^LAB_USERS_FILE stands instead/,
  )
  assert.match(String(faultsOf({ JWT_SECRET, LAB_USERS_FILE: `${file}s` })), /^LAB_USERS_FILE .*\(ENOENT\)/)
})

test('a password may hold a colon', () => {
  assert.deepEqual(loadConfig({ ...least, LAB_USERS: 'demo:pass:word' }).users, [
    { name: 'demo', password: 'pass:word' },
  ])
})

test('the program ends with every fault on a line of standard error, without a secret and without a stack', async () => {
  const { code, stdout, stderr } = await endOf(wrong)
  assert.deepEqual(stderr.trimEnd().split('\n'), faultsOf(wrong))
  assert.doesNotMatch(stderr, secrets)
  assert.equal(stdout, '')
  assert.equal(code, 1)
})

for (const variable of ['PORT', 'METRICS_PORT']) {
  test(`a taken ${variable} is answered with a sentence`, async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    t.after(() => other.close())
    await once(other, 'listening')
    const port = String((other.address() as AddressInfo).port)
    const sentence = `\\b${variable} ${port} is taken on 127.0.0.1: .*set ${variable} to a free port`
    await assertRefused({ [variable]: port, DATABASE_PATH: join(newFolder(t), 'notes.db') }, new RegExp(sentence))
  })
}

test('a HOST of another machine is answered with a sentence', async (t) => {
  // 192.0.2.1 is reserved for documentation: it is nobody's.
  await assertRefused(
    { HOST: '192.0.2.1', DATABASE_PATH: join(newFolder(t), 'notes.db') },
    /HOST 192\.0\.2\.1 cannot be listened on .*set HOST to an address of this machine/,
  )
})

test('the folder of the database is made, but not the folder around it', async (t) => {
  const folder = newFolder(t)
  chmodSync(folder, 0o755) // started as root, the program becomes a user who has to pass through it
  await endOf({ HOST: '192.0.2.1', DATABASE_PATH: join(folder, 'made', 'notes.db') })
  assert(existsSync(join(folder, 'made', 'notes.db')))
  const sentence = /DATABASE_PATH: there is no folder .*a; make it first/
  await assertRefused({ DATABASE_PATH: join(folder, 'a', 'b', 'notes.db') }, sentence)
  assert(!existsSync(join(folder, 'a')))
})

test('a value that holds a line break is told on one line', () => {
  assert.doesNotMatch(String(faultsOf({ ...least, PORT: '80\n81' })), /\n/)
})

for (const path of ['file/notes.db', 'file/data/notes.db']) {
  test(`the database path ${path} through a regular file is answered with a sentence`, async (t) => {
    const folder = newFolder(t)
    writeFileSync(join(folder, 'file'), '')
    await assertRefused({ DATABASE_PATH: join(folder, path) }, /DATABASE_PATH: .*file is not a folder/)
  })
}

for (const [what, sql] of [
  ['a file that is no database', ''],
  ['a database of a newer version of this program', 'PRAGMA user_version = 99'],
  ['a WAL database of a newer version', 'PRAGMA journal_mode = WAL; PRAGMA user_version = 99'],
  ['a database of another program', 'CREATE TABLE accounts (id)'],
  ['a WAL database of another program', 'PRAGMA journal_mode = WAL; CREATE TABLE accounts (id)'],
] as const) {
  test(`on ${what} the API starts degraded and leaves it as it is`, async (t) => {
    const path = join(newFolder(t), 'notes.db')
    if (sql) new Database(path).exec(sql).close()
    else writeFileSync(path, 'These are the notes of another program. '.repeat(100))
    const before = readFileSync(path)
    const api = await startApi(t, { DATABASE_PATH: path })
    await sleep(300) // time for some attempts to open it
    const health = await api.fetch('/health')
    assert.equal(health.status, 200)
    const { degraded, database } = (await health.json()) as { degraded: boolean; database: { reason: string } }
    assert.deepEqual([degraded, database.reason], [true, 'corrupt'])
    const login = await api.fetch('/auth/login', { method: 'POST', json: { username: 'a', password: 'b' } })
    assert.equal(login.status, 503)
    assert.deepEqual(readFileSync(path), before)
  })
}
