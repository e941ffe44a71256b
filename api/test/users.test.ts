import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownFolder, writeOwn } from './own-files.ts'
import { type Api, startApi } from './start-api.ts'

const demo = 'demo:a-password-of-demo'
const eve = 'eve:a-password-of-eve'

/** The API with its users in a file, and the means to change them while it runs. */
async function startWithUsers(t: TestContext, ...users: string[]) {
  const folder = ownFolder(t)
  const file = join(folder, 'users')
  const write = (users: string[]) => writeOwn(file, `${users.join('\n')}\n`)
  write(users)
  const api = await startApi(t, { LAB_USERS: '', LAB_USERS_FILE: file, DATABASE_PATH: join(folder, 'notes.db') })
  /** Writes another list and gives the signal. */
  function announce(...users: string[]) {
    write(users)
    api.child.kill('SIGUSR2')
  }
  /** The same, and waits for the line that says what came of it. */
  async function change(...users: string[]) {
    const before = api.logs.length
    announce(...users)
    return api.logged(
      (line) => api.logs.indexOf(line) >= before && /^(users changed|secrets not changed)$/.test(line.msg),
    )
  }
  return { api, announce, change }
}

async function login(api: Api, user: string, json: object = {}) {
  const [username, password] = user.split(':')
  const answer = await api.fetch('/auth/login', { method: 'POST', json: { username, password, ...json } })
  const body = await answer.text()
  return { status: answer.status, body: body.replace(/"request_id":"[^"]*"/, ''), token: JSON.parse(body).token ?? '' }
}
const get = async (api: Api, token: string, id = 'get') =>
  (await api.fetch('/data/notes', { token, headers: { 'X-Request-Id': id } })).status

/** Requests of four clients without a pause until `stop`, which gives the statuses they were answered. */
function constantly(api: Api, token: string) {
  let asking = true
  const statuses = new Set<number>()
  const clients = Array.from({ length: 4 }, async () => {
    while (asking) statuses.add(await get(api, token))
  })
  return async function stop() {
    asking = false
    await Promise.all(clients)
    return [...statuses]
  }
}

test('another password ends the old one and every token of that user at once, and nobody else notices', async (t) => {
  const { api, change } = await startWithUsers(t, demo, eve)
  const { token } = await login(api, eve)
  const unused = await login(api, eve)
  const stop = constantly(api, (await login(api, demo)).token)
  assert.equal(await get(api, token), 200)
  const stopThief = constantly(api, token)
  const { created, changed, removed } = await change(demo, 'eve:another-password')
  assert.deepEqual([created, changed, removed], [0, 1, 0])
  assert.deepEqual([await get(api, token, 'old'), await get(api, unused.token)], [401, 401])
  assert.equal((await api.logged((line) => line.request_id === 'old')).auth_rejection, 'revoked')
  assert.equal((await login(api, eve)).status, 401)
  assert.equal(await get(api, (await login(api, 'eve:another-password')).token), 200)
  assert.deepEqual(await stop(), [200])
  assert.equal((await stopThief()).at(-1), 401)
})

test('a removed user is nobody: tokens and password are refused as those of a name that never was', async (t) => {
  const { api, change } = await startWithUsers(t, demo, eve)
  const { token } = await login(api, eve)
  await api.fetch('/data/notes', { method: 'POST', token, json: { title: 'kept', body: '' } })
  const stop = constantly(api, (await login(api, demo)).token)
  assert.equal(await get(api, token), 200)
  const stopThief = constantly(api, token)
  assert.equal((await change(demo)).removed, 1)
  assert.equal(await get(api, token, 'removed'), 401)
  assert.equal((await api.logged((line) => line.request_id === 'removed')).auth_rejection, 'unknown_user')
  const { status, body } = await login(api, eve)
  const unknown = await login(api, 'nobody:a-password')
  assert.deepEqual([status, body], [401, unknown.body])

  await t.test('and back in the list is back with the notes, but not with the old tokens', async () => {
    assert.equal((await change(demo, eve)).changed, 1)
    assert.equal(await get(api, token), 401)
    const page = await api.fetch('/data/notes', { token: (await login(api, eve)).token })
    assert.deepEqual(
      ((await page.json()) as { items: { title: string }[] }).items.map(({ title }) => title),
      ['kept'],
    )
  })
  assert.deepEqual(await stop(), [200])
  assert.equal((await stopThief()).at(-1), 401)
})

test('who is no longer listed at a start is removed then', async (t) => {
  const first = await startApi(t)
  const token = await first.login('eve')
  await first.stop()
  const second = await startApi(t, { ...first.env, LAB_USERS: String(first.env.LAB_USERS?.split(',')[0]) })
  assert.equal(await get(second, token), 401)
  assert.equal((await login(second, String(first.env.LAB_USERS?.split(',')[1]))).status, 401)
  assert.equal((await login(second, String(second.env.LAB_USERS))).status, 200)
})

test('a change in an outage is made when the database is back, and of several the newest', async (t) => {
  const { api, announce } = await startWithUsers(t, demo, eve)
  const { token } = await login(api, eve)
  chmodSync(api.databasePath, 0)
  announce(demo)
  await api.logged((line) => line.users === 1)
  announce(demo, 'eve:another-password', 'late:a-password-of-late')
  await api.logged((line) => line.users === 3)
  await sleep(500) // some attempts
  chmodSync(api.databasePath, 0o600)
  const { created, changed, removed } = await api.logged((line) => line.msg === 'users changed' && line.changed === 1)
  assert.deepEqual([created, changed, removed], [1, 1, 0])
  assert.equal(await get(api, token), 401)
  assert.equal((await login(api, 'eve:another-password')).status, 200)
  assert.equal((await login(api, 'late:a-password-of-late')).status, 200)
})

test('signals in quick succession end with the newest list', async (t) => {
  const { api, announce } = await startWithUsers(t, demo, eve)
  for (let n = 1; n <= 10; n++) {
    announce(demo, `eve:password-number-${n}`)
    await sleep(Math.random() * 40)
  }
  announce(demo, 'eve:the-last-password', 'end:a-password-of-end')
  await api.logged((line) => line.msg === 'users changed' && line.created === 1)
  assert.equal((await login(api, 'eve:the-last-password')).status, 200)
})

test('a wrong list is told and changes nothing', async (t) => {
  const { api, change } = await startWithUsers(t, demo, eve)
  const { token } = await login(api, eve)
  for (const [list, fault] of [
    [[''], /^LAB_USERS_FILE must name at least one user/],
    [[demo, 'eve'], /^LAB_USERS_FILE entry 2 must be name:password/],
  ] as const) {
    const line = await change(...list)
    assert.equal(line.msg, 'secrets not changed')
    assert.match(String(line.faults), fault)
  }
  assert.equal(await get(api, token), 200)
  assert.equal((await login(api, eve)).status, 200)
})

test('users in .env are read again too', async (t) => {
  const folder = ownFolder(t)
  writeOwn(join(folder, '.env'), `LAB_USERS=${demo},${eve}\n`)
  const api = await startApi(t, { DATABASE_PATH: join(folder, 'notes.db') }, ['LAB_USERS'])
  const { token } = await login(api, eve)
  writeOwn(join(folder, '.env'), `LAB_USERS=${demo}\n`)
  api.child.kill('SIGUSR2')
  await api.logged((line) => line.removed === 1)
  assert.equal(await get(api, token), 401)
})

test('another password does not wait behind the guesses of an attacker', async (t) => {
  const { api, announce } = await startWithUsers(t, demo, eve)
  let answered = 0
  const guesses = Array.from({ length: 49 }, () => login(api, 'eve:guessed-it').finally(() => answered++))
  while (answered === 0) await sleep(2)
  announce(demo, 'eve:another-password')
  await api.logged((line) => line.changed === 1)
  assert.ok(answered < guesses.length, 'guesses are still waiting')
  await Promise.all(guesses)
})

test('a login that is under way at a logout gives a token that is ended too', async (t) => {
  const { api } = await startWithUsers(t, demo)
  const { token } = await login(api, demo)
  await sleep(1000 - (Date.now() % 1000) + 400) // what takes long enough ends in the next second
  let answered = 0
  const logins = Array.from({ length: 45 }, () => login(api, demo).finally(() => answered++))
  while (answered < 5) await sleep(2) // all of them have arrived by now
  assert.equal((await api.fetch('/auth/logout', { method: 'POST', token })).status, 204)
  const tokens = (await Promise.all(logins)).map(({ token }) => token)
  for (const token of tokens) assert.equal(await get(api, token), 401)
})
