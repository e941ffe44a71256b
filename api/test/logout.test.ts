import assert from 'node:assert/strict'
import { before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import jsonwebtoken from 'jsonwebtoken'
import { type Api, startApi, until } from './start-api.ts'

let api: Api
before(async (t) => {
  api = await startApi(t as TestContext)
})
const get = async (token: string, id?: string) =>
  (await api.fetch('/data/notes', { token, headers: id ? { 'X-Request-Id': id } : {} })).status
const logout = async (token: string) => (await api.fetch('/auth/logout', { method: 'POST', token })).status

test('a logout ends every token of the user at once, used before or not, and no other user’s', async () => {
  const [used, unused, eve] = [await api.login(), await api.login(), await api.login('eve')]
  assert.deepEqual([await get(used), await get(eve)], [200, 200])
  assert.equal(await logout(used), 204)
  assert.deepEqual([await get(used, 'ended'), await get(unused), await get(eve)], [401, 401, 200])
  assert.equal((await api.logged((line) => line.request_id === 'ended')).auth_rejection, 'revoked')
  assert.equal(await logout(used), 401)
})

test('a login right after a logout gives a token that is valid, however often', async () => {
  for (let n = 0; n < 5; n++) {
    const token = await api.login()
    assert.equal(await get(token), 200)
    assert.equal(await logout(token), 204)
    assert.equal(await get(token), 401)
  }
})

test('a token that does not say when it was issued is refused after a logout', async () => {
  const token = await api.login()
  const { sub, exp } = jsonwebtoken.decode(token) as { sub: string; exp: number }
  await logout(token)
  const noTime = jsonwebtoken.sign({ sub, exp }, String(api.env.JWT_SECRET), { noTimestamp: true })
  assert.equal(await get(noTime), 401)
})

test('requests that run while their user logs out never leave the token valid', async () => {
  for (let n = 0; n < 20; n++) {
    const token = await api.login()
    await Promise.all([get(token), get(token), logout(token), get(token), get(token)])
    assert.equal(await get(token), 401)
  }
})

test('many logouts at once end one token once: those issued later do not reach further into the future', async () => {
  const token = await api.login()
  await Promise.all(Array.from({ length: 40 }, () => logout(token)))
  const [before = 0, after = 0] = [token, await api.login()].map((one) => Number(Object(jsonwebtoken.decode(one)).iat))
  assert.ok(after - before <= 3, `${after - before} s`)
})

test('a logout outlives a restart', async (t) => {
  const first = await startApi(t)
  const token = await first.login()
  await first.fetch('/auth/logout', { method: 'POST', token })
  await first.stop()
  const second = await startApi(t, first.env)
  assert.equal((await second.fetch('/data/notes', { token })).status, 401)
})

test('another password in LAB_USERS counts from the next start: the old one and every token are refused, the notes stay', async (t) => {
  const first = await startApi(t)
  const [token, eve] = [await first.login(), await first.login('eve')]
  await first.fetch('/data/notes', { method: 'POST', token, json: { title: 'kept', body: '' } })
  await first.stop()
  const LAB_USERS = String(first.env.LAB_USERS).replace(/demo:\w+/, 'demo:another-password')
  const second = await startApi(t, { ...first.env, LAB_USERS })
  await second.logged(({ msg }) => msg === 'users changed') // it serves before when a busy database does not answer in time
  const get = async (token: string) => await second.fetch('/data/notes', { token })
  assert.deepEqual([(await get(token)).status, (await get(eve)).status], [401, 200])
  const old = { username: 'demo', password: first.env.LAB_USERS?.match(/demo:(\w+)/)?.[1] }
  assert.equal((await second.fetch('/auth/login', { method: 'POST', json: old })).status, 401)
  const fresh = { username: 'demo', password: 'another-password' }
  const login = await second.fetch('/auth/login', { method: 'POST', json: fresh })
  const page = await get(((await login.json()) as { token: string }).token)
  assert.equal(((await page.json()) as { items: unknown[] }).items.length, 1)
})

test('a login that is in progress during a logout returns a token that is revoked too', async (t) => {
  const api = await startApi(t)
  const password = String(api.env.LAB_USERS?.match(/demo:(\w+)/)?.[1])
  const login = async () => {
    const json = { username: 'demo', password }
    const body = (await (await api.fetch('/auth/login', { method: 'POST', json })).json()) as { token: string }
    answered++
    return body.token
  }
  let answered = 0
  const token = await login()
  await sleep(1000 - (Date.now() % 1000) + 400) // hashes that start now end in the next second
  answered = 0
  const logins = Array.from({ length: 45 }, login)
  await until('the first logins were answered, so all have arrived', () => answered >= 5)
  assert.equal((await api.fetch('/auth/logout', { method: 'POST', token })).status, 204)
  for (const token of await Promise.all(logins)) assert.equal((await api.fetch('/data/notes', { token })).status, 401)
})

test('a logout in one process counts within a second in another one on the same database', async (t) => {
  const first = await startApi(t)
  const second = await startApi(t, first.env)
  const token = await first.login()
  assert.equal((await second.fetch('/data/notes', { token })).status, 200)
  assert.equal((await first.fetch('/auth/logout', { method: 'POST', token })).status, 204)
  const loggedOut = performance.now()
  let lastAccepted = loggedOut
  await until('the second process rejects the token', async () => {
    const sent = performance.now()
    const { status } = await second.fetch('/data/notes', { token })
    if (status === 200) lastAccepted = sent
    return status === 401
  })
  assert.ok(lastAccepted - loggedOut <= 1_000, `accepted ${Math.round(lastAccepted - loggedOut)} ms after the logout`)
})
