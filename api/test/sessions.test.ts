import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { before, type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { type Api, startApi, until } from './start-api.ts'

const session = { AUTH: 'session' }
let api: Api
before(async (t) => {
  api = await startApi(t as TestContext, session, ['JWT_SECRET'])
})

const get = async (token: string, on = api) => (await on.fetch('/data/notes', { token })).status
const logout = async (token: string, on = api) => (await on.fetch('/auth/logout', { method: 'POST', token })).status

async function rejectionOf(token: string) {
  const id = crypto.randomUUID()
  const { status } = await api.fetch('/data/notes', { token, headers: { 'X-Request-Id': id } })
  assert.equal(status, 401)
  return (await api.logged((line) => line.request_id === id)).auth_rejection
}

function storedSessions(path: string) {
  const db = new Database(path, { readonly: true })
  const rows = db.prepare('SELECT token_hash FROM sessions').all() as { token_hash: string }[]
  db.close()
  return rows.map(({ token_hash }) => token_hash)
}

test('a token is a random number, of which the database holds only the hash', async (t) => {
  const own = await startApi(t, session, ['JWT_SECRET'])
  const tokens = [await own.login(), await own.login()]
  assert.equal(new Set(tokens).size, 2)
  for (const token of tokens) assert.match(token, /^[\w-]{43}$/)
  await own.stop()
  const hashes = tokens.map((token) => createHash('sha256').update(token).digest('base64url'))
  assert.deepEqual(storedSessions(own.databasePath).sort(), hashes.sort())
  const bytes = readFileSync(own.databasePath, 'latin1')
  for (const token of tokens) assert.ok(!bytes.includes(token))
})

test('a logout ends this session at once, and no other', async () => {
  const [one, other] = [await api.login(), await api.login()]
  assert.deepEqual([await get(one), await get(other)], [200, 200])
  assert.equal(await logout(one), 204)
  assert.equal(await rejectionOf(one), 'unknown_session')
  assert.deepEqual([await get(other), await logout(one)], [200, 401])
})

test('requests that run while their user logs out never leave the token valid', async () => {
  for (let n = 0; n < 20; n++) {
    const token = await api.login()
    await Promise.all([get(token), get(token), logout(token), get(token), get(token)])
    assert.equal(await get(token), 401)
  }
})

test('a logout in one process counts within a second in another one on the same database', async (t) => {
  const second = await startApi(t, api.env)
  const token = await api.login()
  assert.equal(await get(token, second), 200)
  assert.equal(await logout(token), 204)
  const loggedOut = performance.now()
  let lastAccepted = loggedOut
  await until('the second process rejects the token', async () => {
    const sent = performance.now()
    const status = await get(token, second)
    if (status === 200) lastAccepted = sent
    return status === 401
  })
  assert.ok(lastAccepted - loggedOut <= 1_000, `accepted ${Math.round(lastAccepted - loggedOut)} ms after the logout`)
})

test('a session expires, and the next login of its user deletes it', async (t) => {
  const own = await startApi(t, session)
  const json = { username: 'demo', password: own.env.LAB_USERS?.match(/demo:(\w+)/)?.[1], expires_in: 1 }
  const { token } = (await (await own.fetch('/auth/login', { method: 'POST', json })).json()) as { token: string }
  await own.login('eve')
  await until('the session has expired', async () => (await get(token, own)) === 401)
  await own.logged((line) => line.auth_rejection === 'expired')
  await own.login()
  assert.equal(storedSessions(own.databasePath).length, 2)
})

test('what is no token of a session is rejected with its reason', async () => {
  const token = await api.login()
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'
  for (const wrong of [jwt, `${token}a`, token.slice(1), `${token} `.repeat(2)]) {
    assert.equal(await rejectionOf(wrong), 'malformed', wrong)
  }
  assert.equal(await rejectionOf('a'.repeat(43)), 'unknown_session')
  assert.equal(await rejectionOf(createHash('sha256').update(token).digest('base64url')), 'unknown_session')
})

test('another password ends the sessions of its user, a restart does not', async (t) => {
  const first = await startApi(t, session)
  const [token, eve] = [await first.login(), await first.login('eve')]
  await first.stop()
  const LAB_USERS = String(first.env.LAB_USERS).replace(/demo:\w+/, 'demo:another-password')
  const second = await startApi(t, { ...first.env, LAB_USERS })
  assert.deepEqual([await get(token, second), await get(eve, second)], [401, 200])
})

test('a session of a user whom this process does not serve is unknown', async (t) => {
  const eve = String(api.env.LAB_USERS?.match(/eve:\w+/)?.[0])
  const second = await startApi(t, { ...api.env, LAB_USERS: eve })
  assert.deepEqual([await get(await api.login('eve'), second), await get(await api.login(), second)], [200, 401])
})

for (const [AUTH, forged, known] of [
  ['jwt', 401, true],
  ['session', 503, false],
] as const) {
  test(`while the database is away a forged token is ${forged} and the log ${known ? 'knows' : 'does not know'} who asks (${AUTH})`, async (t) => {
    const own = await startApi(t, { AUTH })
    const [remembered, token] = [await own.login(), await own.login()]
    assert.equal(await get(remembered, own), 200)
    const repair = await own.breakDatabase()
    assert.equal(await get('a'.repeat(43), own), forged)
    const headers = { 'X-Request-Id': 'in-the-outage' }
    assert.equal((await own.fetch('/data/notes', { token, headers })).status, 503)
    assert.equal(await get(remembered, own), 503)
    assert.equal('user_id' in (await own.logged((line) => line.request_id === 'in-the-outage')), known)
    await repair()
    await own.logged((line) => line.msg === 'database available')
    assert.equal(await get(token, own), 200)
  })
}
