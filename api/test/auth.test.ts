import assert from 'node:assert/strict'
import { type RequestOptions, request } from 'node:http'
import { before, type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import jsonwebtoken from 'jsonwebtoken'
import type { Context } from 'koa'
import { forgeries } from '../../lab/src/attacks/forgeries.ts'
import { createKysely } from '../src/database/kysely.ts'
import { limitLogins } from '../src/middleware/login-limit.ts'
import { authRoutes } from '../src/routes/auth.ts'
import { type Api, sendRaw, startApi, until } from './start-api.ts'

let api: Api
let key: string
let token: string
let claims: { sub: string; iat: number; exp: number }
before(async (t) => {
  api = await startApi(t as TestContext)
  key = String(api.env.JWT_SECRET)
  token = await api.login()
  claims = jsonwebtoken.verify(token, key) as typeof claims
})

const passwordOf = (name: string) => String(api.env.LAB_USERS?.match(new RegExp(`${name}:(\\w+)`))?.[1])
const now = () => Math.floor(Date.now() / 1000)

const sign = (claims: object) => jsonwebtoken.sign(claims, key)

async function rejections() {
  const page = await (await fetch(api.metricsUrl)).text()
  const series = page.matchAll(/^auth_rejections_total\{reason="(\w+)"\} (\d+)$/gm)
  return Object.fromEntries([...series].map(([, reason, value]) => [reason, Number(value)]))
}
const get = (headers: Record<string, string>, path = '/data/notes') => api.fetch(path, { headers })

test('a forged token is 401 with one and the same answer; the reason is in the metrics and the log only', async () => {
  const refusal = await get({})
  const expected = (await refusal.text()).replace(/"request_id":"[^"]*"/, '')
  let counts = await rejections()
  const all = forgeries(token, key)
  assert.ok(all.length >= 65)
  assert.ok(forgeries(token).length >= 20)
  for (const [i, { name, reason, headers, query }] of all.entries()) {
    const id = `forgery-${i}`
    const answer = await get({ 'X-Request-Id': id, ...headers }, `/data/notes?${query ?? ''}`)
    assert.equal(answer.status, 401, name)
    assert.equal(answer.headers.get('WWW-Authenticate'), 'Bearer', name)
    assert.deepEqual([...answer.headers.keys()], [...refusal.headers.keys()], name)
    assert.equal((await answer.text()).replace(`"request_id":"${id}"`, ''), expected, name)
    const counted = await rejections()
    assert.deepEqual(counted, { ...counts, [reason]: counts[reason] + 1 }, name)
    counts = counted
  }
  for (const [i, { name, reason }] of all.entries()) {
    const line = await api.logged(({ request_id }) => request_id === `forgery-${i}`)
    assert.deepEqual([line.auth_rejection, line.client_address], [reason, '127.0.0.1'], name)
  }
})

test('a token with a crit header is refused, even if it is rightly signed', async () => {
  for (const crit of [['exp'], ['b64'], [], 'x']) {
    const token = jsonwebtoken.sign(claims, key, { header: { alg: 'HS256', crit: crit as string[] } })
    const before = await rejections()
    assert.equal((await get({ Authorization: `Bearer ${token}` })).status, 401)
    assert.equal((await rejections()).critical_header, before.critical_header + 1)
  }
})

test('of two Authorization headers the first counts', async () => {
  const twice = `Authorization: Bearer x.y.z\r\nAuthorization: Bearer ${token}\r\n`
  const answer = await sendRaw(api.url, `GET /data/notes HTTP/1.1\r\nHost: api\r\nConnection: close\r\n${twice}\r\n`)
  assert.match(answer, /^HTTP\/1.1 401 /)
})

test('a right token passes: its own, under a scheme in any case, and up to 5 s after its end', async () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    assert.equal((await get({ Authorization: `${scheme} ${token}` })).status, 200)
  }
  assert.equal((await get({ Authorization: `Bearer ${sign(claims)}` })).status, 200)
  assert.equal((await get({ Authorization: `Bearer ${sign({ ...claims, exp: now() })}` })).status, 200)
  assert.equal((await get({ Authorization: `Bearer ${sign({ ...claims, nbf: now() + 4 })}` })).status, 200)
})

test('a token that was good is refused as soon as it and the tolerance have expired', async () => {
  const exp = now() - 1
  const old = { Authorization: `Bearer ${sign({ ...claims, exp })}`, 'X-Request-Id': 'old' }
  assert.equal((await get(old)).status, 200)
  await until('the token has expired', async () => (await get(old)).status === 401)
  assert.ok(now() >= exp + 5)
  const line = await api.logged(({ request_id, status }) => request_id === 'old' && status === 401)
  assert.equal(line.auth_rejection, 'expired')
})

test('a token holds the user and its lifetime, and nothing else', async () => {
  const answer = await login(api, 'demo', passwordOf('demo'))
  const { token, token_type, expires_in } = JSON.parse(answer.body)
  assert.deepEqual([answer.status, token_type, expires_in], [200, 'Bearer', 3600])
  const { header, payload } = jsonwebtoken.decode(token, { complete: true }) as jsonwebtoken.Jwt
  assert.deepEqual(header, { alg: 'HS256', typ: 'JWT' })
  const { iat } = payload as typeof claims
  assert.deepEqual(payload, { sub: claims.sub, iat, exp: iat + 3600 })
  assert.match(claims.sub, /^[0-9a-f]{8}-/)
})

test('a client may ask for a shorter token than the usual one, but not for a longer one', async () => {
  const ask = async (expires_in: unknown) => {
    const json = { username: 'demo', password: passwordOf('demo'), expires_in }
    const answer = await api.fetch('/auth/login', { method: 'POST', json })
    return { status: answer.status, body: (await answer.json()) as Record<string, string> & { errors: unknown } }
  }
  for (const seconds of [1, 60, 3600]) {
    const { status, body } = await ask(seconds)
    assert.deepEqual([status, body.expires_in], [200, seconds])
    const { iat, exp } = jsonwebtoken.verify(String(body.token), key) as typeof claims
    assert.equal(exp - iat, seconds)
  }
  for (const wrong of [0, -1, 3601, 1.5, 1e300, '60', null, [60], true]) {
    const { status, body } = await ask(wrong)
    const errors = [{ name: 'expires_in', detail: 'must be a whole number of seconds from 1 to 3600' }]
    assert.deepEqual([status, body.errors], [422, errors], JSON.stringify(wrong))
  }
})

test('the longest token is as long as JWT_TTL, and /openapi.json says so', async (t) => {
  const strict = await startApi(t, { JWT_TTL: '30', LAB_USERS: String(api.env.LAB_USERS) })
  const { components } = (await (await strict.fetch('/openapi.json')).json()) as {
    components: { schemas: { Credentials: { properties: { expires_in: object }; required: string[] } } }
  }
  const { properties, required } = components.schemas.Credentials
  assert.deepEqual(properties.expires_in, { type: 'integer', minimum: 1, maximum: 30, default: 30 })
  assert.deepEqual(required, ['username', 'password'])
  const credentials = { username: 'demo', password: passwordOf('demo') }
  const statuses = [30, 31].map(async (expires_in) => {
    return (await strict.fetch('/auth/login', { method: 'POST', json: { ...credentials, expires_in } })).status
  })
  assert.deepEqual(await Promise.all(statuses), [200, 422])
})

test('an unknown user and a wrong password get the same answer to the byte', async () => {
  const unknown = await login(api, 'unknown', 'wrong')
  const wrong = await login(api, 'demo', 'wrong')
  assert.deepEqual([unknown.status, unknown.headers], [401, wrong.headers])
  assert.equal(unknown.body, wrong.body)
  for (const name of ['Demo', ' demo', "demo'--", 'demo%']) {
    assert.deepEqual(await login(api, name, passwordOf('demo')), unknown, name)
  }
  for (const password of [`${passwordOf('demo')} `, passwordOf('demo').toUpperCase(), passwordOf('eve')]) {
    assert.deepEqual(await login(api, 'demo', password), unknown)
  }
})

test('after 3 attempts in a minute a name is 429 from that address, whatever X-Forwarded-For says', async (t) => {
  const limited = await startApi(t, { LOGIN_ATTEMPTS_PER_MINUTE: '3', LAB_USERS: String(api.env.LAB_USERS) })
  const right = passwordOf('demo')
  for (const password of ['wrong', right, 'wrong']) {
    assert.equal((await login(limited, 'demo', password)).status, password === right ? 200 : 401)
  }
  for (const name of ['X-Nothing', 'X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'True-Client-IP', 'X-Client-IP']) {
    const value = name === 'Forwarded' ? 'for=10.1.2.3' : '10.1.2.3'
    const answer = await login(limited, 'demo', right, { headers: { [name]: value } })
    assert.equal(answer.status, 429, name)
    const seconds = answer.headers.find(([header]) => header === 'retry-after')?.[1]
    assert.match(String(seconds), /^([1-9]|[1-5]\d|6[0-2])$/)
  }
  assert.equal((await login(limited, 'eve', passwordOf('eve'))).status, 200)
  const skip = process.platform !== 'linux' && 'only Linux has a second loopback address without configuration'
  await t.test('and from another address it is not', { skip }, async () => {
    assert.equal((await login(limited, 'demo', right, { localAddress: '127.0.0.2' })).status, 200)
  })
})

test('an address may try many names five times as often as one', async (t) => {
  const limited = await startApi(t, { LOGIN_ATTEMPTS_PER_MINUTE: '2' })
  const statuses = []
  for (let n = 0; n < 12; n++) statuses.push((await login(limited, `name-${n}`, 'Spring2026!')).status)
  assert.deepEqual(statuses, [...Array(10).fill(401), 429, 429])
})

test('what the limits refuse leaves nothing behind, however many names there are', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const limit = limitLogins(2)
  const ctx = { ip: '10.0.0.1', throw: (status: number) => assert.fail(String(status)) } as unknown as Context
  const heapAfter = async (names: number) => {
    for (let n = 0; n < names; n++) await limit(ctx, `name-${names}-${n}`).catch(() => {})
    collect()
    return process.memoryUsage().heapUsed
  }
  const [few, many] = [await heapAfter(1000), await heapAfter(100_000)]
  assert.ok(many - few < 5e6, `${many - few} bytes`)
})

test('no more than 50 logins wait for their hash, also when all of them waited for a slow database first', async () => {
  const slow = Promise.withResolvers<{ rows: [] }>()
  const db = createKysely('postgres', () => slow.promise)
  const config = { JWT_TTL: 60, LOGIN_ATTEMPTS_PER_MINUTE: 0, LAB_USERS: [{ name: 'demo', password: 'x' }] }
  const dependencies = { db, config, shed: [] }
  const [route] = authRoutes(dependencies as unknown as Parameters<typeof authRoutes>[0])
  const attempts = Array.from({ length: 100 }, async () => {
    const body = { username: 'demo', password: 'wrong' }
    const ctx = {
      request: { body },
      res: { closed: false },
      state: {},
      throw: (status: number) => {
        throw status
      },
    }
    return route?.handle(ctx as unknown as Context).catch((status) => status)
  })
  slow.resolve({ rows: [] })
  const statuses = await Promise.all(attempts)
  assert.equal(statuses.filter((status) => status === 503).length, 100 - 1 - 50)
})

test('logins that would wait longer than a second are 503 at once, and other requests are served meanwhile', async () => {
  const before = (await logins()).overloaded ?? 0
  const attempts = Array.from({ length: 120 }, (_, n) => login(api, `guess-${n}`, 'wrong'))
  assert.equal((await api.fetch('/health')).status, 200)
  const answers = await Promise.all(attempts)
  const refused = answers.filter(({ status }) => status === 503)
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([401, 503]))
  for (const { headers, body } of refused) {
    assert.equal(JSON.parse(body).type, '/problems/overloaded')
    assert.match(String(Object.fromEntries(headers)['retry-after']), /^[123]$/)
  }
  assert.equal((await logins()).overloaded, before + refused.length)
  assert.equal((await login(api, 'demo', passwordOf('demo'))).status, 200)
})

test('a login without a password counts as invalid, not as an error of the API', async () => {
  const before = await logins()
  assert.equal((await api.fetch('/auth/login', { method: 'POST', json: { username: 'demo' } })).status, 422)
  const { invalid, error } = await logins()
  assert.equal(invalid, (before.invalid ?? 0) + 1)
  assert.equal(error, before.error)
})

test('a login whose client has hung up while it waited is counted and not hashed', async () => {
  const start = await cpuSeconds()
  for (let n = 0; n < 10; n++) await login(api, 'demo', 'wrong')
  const perLogin = ((await cpuSeconds()) - start) / 10
  const before = await logins()
  const body = JSON.stringify({ username: 'demo', password: 'wrong' })
  const headers = { 'Content-Type': 'application/json' }
  // The first one is being hashed when the others arrive.
  const first = login(api, 'demo', 'wrong')
  const gone = Array.from({ length: 40 }, () =>
    request(`${api.url}/auth/login`, { method: 'POST', headers, agent: false }),
  )
  for (const one of gone) one.on('error', () => {}).end(body)
  await until('all logins have arrived', async () => (await active()) >= 30)
  const used = await cpuSeconds()
  for (const one of gone) one.destroy()
  await first
  await until('no login waits', async () => (await active()) === 0)
  const { aborted = 0, failure = 0 } = await logins()
  const hashed = failure - (before.failure ?? 0)
  assert.ok(aborted - (before.aborted ?? 0) >= 20, `${aborted} aborted`)
  assert.equal(hashed + aborted - (before.aborted ?? 0), 41)
  const spent = (await cpuSeconds()) - used
  assert.ok(spent < 10 * perLogin, `${spent} s of processor time, ${perLogin} s for each login`)
})

async function cpuSeconds(): Promise<number> {
  const page = await (await fetch(api.metricsUrl)).text()
  return Number(/^process_cpu_seconds_total (\S+)$/m.exec(page)?.[1])
}

test('a token of the previous secret is accepted and has its own rejection reasons; new tokens are signed with the first secret', async (t) => {
  const env = { JWT_SECRET_PREVIOUS: key, LAB_USERS: String(api.env.LAB_USERS) }
  const rotated = await startApi(t, env)
  const own = await rotated.login()
  const { sub } = jsonwebtoken.verify(own, String(rotated.env.JWT_SECRET)) as typeof claims
  const old = jsonwebtoken.sign({ sub }, key, { expiresIn: 60 })
  assert.equal((await rotated.fetch('/data/notes', { token: own })).status, 200)
  assert.equal((await rotated.fetch('/data/notes', { token: old })).status, 200)
  const wrong = {
    expired: jsonwebtoken.sign({ sub }, key, { expiresIn: -60 }),
    signature: jsonwebtoken.sign({ sub }, 'another secret', { expiresIn: 60 }),
  }
  for (const [reason, token] of Object.entries(wrong)) {
    await rotated.fetch('/data/notes', { token, headers: { 'X-Request-Id': reason } })
    assert.equal((await rotated.logged((line) => line.request_id === reason)).auth_rejection, reason)
  }
})

async function logins(): Promise<Record<string, number>> {
  const page = await (await fetch(api.metricsUrl)).text()
  const series = page.matchAll(/^auth_logins_total\{outcome="(\w+)"\} (\d+)$/gm)
  return Object.fromEntries([...series].map(([, outcome, value]) => [outcome, Number(value)]))
}

async function active(): Promise<number> {
  const page = await (await fetch(api.metricsUrl)).text()
  return Number(/^http_server_active_requests (\d+)$/m.exec(page)?.[1])
}

// What a client sees of an attempt, without what differs in every answer.
function login({ url }: { url: string }, username: string, password: string, options: RequestOptions = {}) {
  const headers = { 'Content-Type': 'application/json', 'X-Request-Id': 'login', ...options.headers }
  type Seen = { status?: number; headers: [string, unknown][]; body: string }
  return new Promise<Seen>((resolve, reject) => {
    const sent = request(`${url}/auth/login`, { ...options, method: 'POST', agent: false, headers }, async (answer) => {
      const seen = Object.entries(answer.headers).filter(([name]) => name !== 'date')
      resolve({ status: answer.statusCode, headers: seen, body: (await answer.setEncoding('utf8').toArray()).join('') })
    })
    sent.on('error', reject).end(JSON.stringify({ username, password }))
  })
}
