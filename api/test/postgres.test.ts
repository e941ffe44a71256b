import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import { postgres, skipPostgres as skip } from './postgres.ts'
import { type Api, endOf, giveToApi, newFolder, startApi, until } from './start-api.ts'

const limit = { timeout: 150_000, skip } // only against hanging
const note = { title: 'a note', body: 'b'.repeat(500) }

type Health = { status: string; database: { reads: boolean; writes: boolean; reason: string | null } }
const healthOf = async (api: Api) => (await (await api.fetch('/health')).json()) as Health
const isOk = async (api: Api) => (await healthOf(api)).status === 'ok'
const hasReason = async (api: Api, reason: string) => (await healthOf(api)).database.reason === reason

async function startOnPostgres(t: TestContext, env: Record<string, string> = {}) {
  return startApi(t, { DATABASE_URL: await postgres.newDatabase(), ...env })
}

const nameOf = (api: Api) => String(api.env.DATABASE_URL?.split('/').at(-1))

/** A connection of the owner, in which a transaction may stay open. */
async function ownerOf(t: TestContext, api: Api) {
  const client = new pg.Client((await postgres.server()).url('postgres', nameOf(api)))
  client.on('error', () => {})
  await client.connect()
  t.after(() => client.end().catch(() => {}))
  return client
}

async function statusesOf(api: Api, token: string) {
  const read = await api.fetch('/data/notes', { token })
  const write = await api.fetch('/data/notes', { method: 'POST', token, json: note })
  const { type } = (await write.json()) as { type?: string }
  return [read.status, write.status, type]
}

/** Waits for these answers: on a busy machine the API's short waits may run out, which is a 503. */
async function answersBecome(api: Api, token: string, ...expected: [number, number, string?]) {
  const [read, write, type] = expected
  await until(`answers ${expected}`, async () => isDeepStrictEqual(await statusesOf(api, token), [read, write, type]))
}

async function makeNote(api: Api, token: string): Promise<string> {
  let path: string | null = null
  await until('a note is made', async () => {
    path = (await api.fetch('/data/notes', { method: 'POST', token, json: note })).headers.get('Location')
    return path
  })
  return String(path)
}

/** Starts the program until it ends: a server that a busy machine keeps from answering in time is an outage, and no end. */
async function assertRefused(DATABASE_URL: string) {
  let end: Awaited<ReturnType<typeof endOf>> | undefined
  await until('the program does not start', async () => {
    end = await endOf({ DATABASE_URL, BUSY_TIMEOUT_MS: '10000' })
    return end.code !== 0
  })
  assert.equal(end?.code, 1)
  assert.match(end.stderr, /^DATABASE_URL .+\n$/)
}

test(
  'two processes whose PostgreSQL crashes under writes: only 201 and 503, and no acknowledged note is lost',
  limit,
  async (t) => {
    const first = await startOnPostgres(t)
    const apis = [first, await startApi(t, first.env)]
    const token = await first.login()
    const server = await postgres.server()
    const answers: { api: Api; status: number }[] = []
    const acknowledged: string[] = []
    const refused: string[] = [] // the others may have been made: their connection broke before the answer
    let on = true
    async function write(api: Api) {
      while (on) {
        const title = crypto.randomUUID()
        const answer = await api.fetch('/data/notes', { method: 'POST', token, json: { ...note, title } })
        const { detail } = (await answer.json()) as { detail?: string }
        if (answer.status === 201) acknowledged.push(title)
        else if (detail?.includes('Nothing was changed')) refused.push(title)
        answers.push({ api, status: answer.status })
      }
    }
    const writers = Promise.all(apis.flatMap((api) => [1, 2, 3, 4].map(() => write(api))))
    writers.catch(() => {})
    const answered = (status: number, times: number) => {
      const from = answers.length
      const count = (api: Api) => answers.slice(from).filter((one) => one.api === api && one.status === status).length
      return until(`${times} answers ${status} of each`, () => apis.every((api) => count(api) >= times))
    }

    for (let round = 0; round < 3; round++) {
      await answered(201, 20)
      await server.stop('immediate')
      await answered(503, 200) // of four writers each: none waits until the server is back
      await server.start()
      await answered(201, 1)
    }
    on = false
    await writers

    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201, 503]))
    const rows = await postgres.asOwner('SELECT title FROM notes', nameOf(first))
    const found = new Set(rows.map(({ title }) => title))
    assert.deepEqual(
      [acknowledged.filter((title) => !found.has(title)), refused.filter((title) => found.has(title))],
      [[], []],
    )
    assert.ok(refused.length > 0)
    t.diagnostic(`${answers.length} writes, ${acknowledged.length} acknowledged, ${refused.length} refused`)
  },
)

for (const [what, lock, read, type] of [
  ['every use', 'LOCK TABLE notes', 503, '/problems/database-unavailable'],
  ['writes', 'LOCK TABLE notes IN SHARE MODE', 200, '/problems/database-read-only'],
] as const) {
  test(`a lock of the table against ${what} is refused while it lasts`, limit, async (t) => {
    const api = await startOnPostgres(t)
    const token = await api.login()
    await answersBecome(api, token, 200, 201)
    const owner = await ownerOf(t, api)
    await owner.query(`BEGIN; ${lock}`)
    await until('/health says locked', () => hasReason(api, 'locked'))
    await answersBecome(api, token, read, 503, type)
    await owner.query('ROLLBACK')
    await until('/health is ok', () => isOk(api))
    await answersBecome(api, token, 200, 201)
  })
}

test('a lock of one row fails only the requests for it', limit, async (t) => {
  const api = await startOnPostgres(t)
  const token = await api.login()
  const [mine, other] = [await makeNote(api, token), await makeNote(api, token)]
  const owner = await ownerOf(t, api)
  await owner.query(`BEGIN; SELECT * FROM notes WHERE id = '${mine.split('/').at(-1)}' FOR UPDATE`)
  const put = async (path: string) => (await api.fetch(path, { method: 'PUT', token, json: note })).status
  const refused = await api.fetch(mine, { method: 'PUT', token, json: note })
  assert.equal(((await refused.json()) as { type: string }).type, '/problems/overloaded')
  assert.equal(refused.status, 503)
  await until('the other note is changed', async () => (await put(other)) === 200)
  await until('/health is ok', () => isOk(api))
  assert.equal(await put(mine), 503)
})

test(
  'while all connections are in use, requests are refused as overload, and the database is healthy',
  limit,
  async (t) => {
    const api = await startOnPostgres(t, { BUSY_TIMEOUT_MS: '20000' })
    const token = await api.login()
    const path = await makeNote(api, token)
    const owner = await ownerOf(t, api)
    await owner.query(`BEGIN; SELECT * FROM notes WHERE id = '${path.split('/').at(-1)}' FOR UPDATE`)
    const types: unknown[] = []
    const put = async () => {
      const answer = await api.fetch(path, { method: 'PUT', token, json: note })
      types.push(((await answer.json()) as { type?: string }).type)
    }
    const puts = Promise.all(Array.from({ length: 20 }, put))
    await until('a request is refused as overload', () => types.includes('/problems/overloaded'))
    assert.equal((await healthOf(api)).database.reason, null)
    await owner.query('ROLLBACK')
    await puts
    await api.logged(({ status, reason }) => status === 503 && reason === 'timeout')
  },
)

test('a server that becomes read-only stops only the writes', limit, async (t) => {
  const api = await startOnPostgres(t, { LOGIN_ATTEMPTS_PER_MINUTE: '100' })
  const token = await api.login()
  await postgres.asOwner('ALTER SYSTEM SET default_transaction_read_only = on')
  await postgres.asOwner('SELECT pg_reload_conf()')
  try {
    await until('/health says readonly', () => hasReason(api, 'readonly'))
    await answersBecome(api, token, 200, 503, '/problems/database-read-only')
    await answersBecome(api, await api.login(), 200, 503, '/problems/database-read-only')
  } finally {
    const owner = await ownerOf(t, api)
    await owner.query('SET default_transaction_read_only = off')
    await owner.query('ALTER SYSTEM RESET default_transaction_read_only')
    await owner.query('SELECT pg_reload_conf()')
  }
  await until('/health is ok', () => isOk(api))
  await answersBecome(api, token, 200, 201)
})

test('a user whose rights were taken away is an outage, which ends by itself', limit, async (t) => {
  const api = await startOnPostgres(t)
  const token = await api.login()
  const repair = await postgres.revoke()
  await until('/health says permission', () => hasReason(api, 'permission'))
  await answersBecome(api, token, 503, 503, '/problems/database-unavailable')
  await repair()
  await until('/health is ok', () => isOk(api))
  await answersBecome(api, token, 200, 201)
})

test('started while the server is down, the API serves /health and comes up with the server', limit, async (t) => {
  const DATABASE_URL = await postgres.newDatabase()
  const server = await postgres.server()
  await server.stop('fast')
  const api = await startApi(t, { DATABASE_URL })
  await until('/health says unreachable', () => hasReason(api, 'unreachable'))
  await server.start()
  await until('/health is ok', () => isOk(api))
  await api.logged((line) => line.msg === 'users changed')
  await answersBecome(api, await api.login(), 200, 201)
})

test('a server that has no TLS any more is unreachable, not corrupt', limit, async (t) => {
  const plain = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end('N')))
  plain.listen(0, '127.0.0.1')
  await once(plain, 'listening')
  const { port } = plain.address() as AddressInfo
  await new Promise((resolve) => plain.close(resolve))
  const DATABASE_URL = `postgres://api@127.0.0.1:${port}/notes?sslmode=verify-full`
  const api = await startApi(t, { DATABASE_URL })
  await until('/health says unreachable', () => hasReason(api, 'unreachable'))
  let refused = 0
  plain.on('connection', () => refused++).listen(port, '127.0.0.1')
  t.after(() => plain.close())
  await until('the API has been told several times that there is no TLS', () => refused > 3)
  await until('/health says unreachable', () => hasReason(api, 'unreachable'))
  const json = { username: 'demo', password: 'a-password' }
  assert.equal((await api.fetch('/auth/login', { method: 'POST', json })).status, 503)
  await assertRefused(DATABASE_URL)
})

/** A way to PostgreSQL that keeps back, once, the answer to the next query with this text until it is released. */
async function slowNetwork(t: TestContext, to: string) {
  const target = new URL(to)
  const port = Number(target.port)
  let text = ''
  let release: (() => void) | undefined
  const proxy = createServer((client) => {
    const server = connect(port, target.hostname)
    client.on('error', () => {}).on('close', () => server.destroy())
    server.on('error', () => {}).on('close', () => client.destroy())
    server.pipe(client)
    client.on('data', (data) => {
      if (text && data.includes(text)) {
        text = ''
        server.unpipe(client)
        // PostgreSQL has answered, and the answer stays here.
        server.once('data', (answer) => {
          server.pause()
          release = () => {
            client.write(answer)
            server.pipe(client)
          }
        })
        server.resume()
      }
      server.write(data)
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(() => proxy.close())
  target.port = String((proxy.address() as AddressInfo).port)
  return {
    url: target.href,
    keepBack: (next: string) => {
      text = next
    },
    isKept: () => release !== undefined,
    release: () => release?.(),
  }
}

for (const [AUTH, lookUp] of [
  ['jwt', 'select "tokens_valid_from" from "users"'],
  ['session', 'from "sessions"'],
] as const) {
  test(`a logout ends a token whose look-up it overtakes (${AUTH})`, limit, async (t) => {
    const network = await slowNetwork(t, await postgres.newDatabase())
    const api = await startApi(t, { AUTH, DATABASE_URL: network.url, BUSY_TIMEOUT_MS: '20000' })
    const token = await api.login()
    const get = async () => (await api.fetch('/data/notes', { token })).status
    network.keepBack(lookUp)
    const early = get()
    await until('the look-up is on its way', network.isKept)
    assert.equal((await api.fetch('/auth/logout', { method: 'POST', token })).status, 204)
    network.release()
    assert.equal(await early, 200, 'the look-up was before the logout')
    assert.equal(await get(), 401)
  })
}

/** Sets the server up for TLS until the end of the test; returns the file of its certificate. */
async function serveTls(t: TestContext) {
  const folder = newFolder(t)
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(folder, name)) as [string, string]
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=lab', '-days', '1']
  execFileSync('openssl', [...words, '-addext', 'subjectAltName=IP:127.0.0.1', '-out', cert, '-keyout', key])
  for (const file of [cert, key]) giveToApi(file)
  const settings = { ssl: 'on', ssl_cert_file: cert, ssl_key_file: key }
  for (const [name, value] of Object.entries(settings)) await postgres.asOwner(`ALTER SYSTEM SET ${name} = '${value}'`)
  await postgres.asOwner('SELECT pg_reload_conf()')
  t.after(async () => {
    for (const name of Object.keys(settings)) await postgres.asOwner(`ALTER SYSTEM RESET ${name}`)
    await postgres.asOwner('SELECT pg_reload_conf()')
  })
  return cert
}

const noOpenssl = spawnSync('openssl', ['version']).status !== 0 && 'openssl is not installed'

test('sslmode=verify-full connects with TLS, and only to a server whose certificate it trusts', {
  ...limit,
  skip: skip || noOpenssl,
}, async (t) => {
  const cert = await serveTls(t)
  const url = `${await postgres.newDatabase()}?sslmode=verify-full`
  const api = await startApi(t, { DATABASE_URL: `${url}&sslrootcert=${cert}` })
  await answersBecome(api, await api.login(), 200, 201)
  const name = new URL(url).pathname.slice(1)
  const connections = await postgres.asOwner(
    `SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = '${name}'`,
  )
  assert.deepEqual(connections, [{ ssl: true }])
  await assertRefused(url)
})

test('a database that is not there, or not ours, ends the program with a sentence', limit, async () => {
  const url = await postgres.newDatabase()
  const name = String(url.split('/').at(-1))
  await postgres.asOwner('SET ROLE notes; CREATE TABLE users (id INTEGER)', name)
  for (const DATABASE_URL of [url, `${url}_not`]) {
    await assertRefused(DATABASE_URL)
  }
  const tables = await postgres.asOwner(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`, name)
  assert.deepEqual(tables, [{ tablename: 'users' }])
})

test('processes on one database count login attempts together', limit, async (t) => {
  // A process that waits too long counts in its memory.
  const first = await startOnPostgres(t, { LOGIN_ATTEMPTS_PER_MINUTE: '3', BUSY_TIMEOUT_MS: '10000' })
  const second = await startApi(t, first.env)
  const json = { username: 'demo', password: 'wrong' }
  const areLimited = []
  for (const api of [first, second, first, second, first]) {
    areLimited.push((await api.fetch('/auth/login', { method: 'POST', json })).status === 429)
  }
  assert.deepEqual(areLimited, [false, false, false, true, true])
})

test('an id with U+0000, which no text of PostgreSQL holds, is no note', limit, async (t) => {
  const api = await startOnPostgres(t)
  const token = await api.login()
  for (const method of ['GET', 'DELETE']) {
    await until(`${method} is 404`, async () => (await api.fetch('/data/notes/a%00', { token, method })).status === 404)
  }
})

test('of two processes that start together with another password, one revokes the tokens, once', limit, async (t) => {
  const first = await startOnPostgres(t)
  await until('its tables are there', () => isOk(first))
  await first.stop()
  const owner = await ownerOf(t, first)
  const future = Math.floor(Date.now() / 1000) + 1_000 // each revocation adds a second to it
  await owner.query(`UPDATE users SET tokens_valid_from = ${future}`)
  await owner.query(`BEGIN; SELECT * FROM users WHERE name = 'demo' FOR UPDATE`)
  const env = { ...first.env, LAB_USERS: 'demo:another-password', BUSY_TIMEOUT_MS: '60000' }
  const starting = Promise.all([startApi(t, env), startApi(t, env)])
  starting.catch(() => {}) // thrown where it is awaited
  const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'notes'`
  await until('both have read the old hash', async () => (await postgres.asOwner(waiting)).length === 2, 60)
  await owner.query('ROLLBACK')
  for (const api of await starting) await api.logged(({ msg }) => msg === 'users changed')
  const { rows } = await owner.query(`SELECT tokens_valid_from FROM users WHERE name = 'demo'`)
  assert.equal(Number(rows[0].tokens_valid_from), future + 1)
})
