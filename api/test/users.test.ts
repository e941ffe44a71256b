import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Api, startApi } from './start-api.ts'

const demo = 'demo:a-password-of-demo'
const eve = 'eve:a-password-of-eve'

async function login(api: Api, user: string) {
  const [username, password] = user.split(':')
  const answer = await api.fetch('/auth/login', { method: 'POST', json: { username, password } })
  const body = await answer.text()
  return { status: answer.status, body: body.replace(/"request_id":"[^"]*"/, ''), token: JSON.parse(body).token ?? '' }
}
const get = async (api: Api, token: string, id = 'get') =>
  (await api.fetch('/data/notes', { token, headers: { 'X-Request-Id': id } })).status

test('a user who is no longer listed is like a name that never existed, and listed again has the notes', async (t) => {
  const first = await startApi(t, { LAB_USERS: `${demo},${eve}` })
  const { token } = await login(first, eve)
  await first.fetch('/data/notes', { method: 'POST', token, json: { title: 'kept', body: '' } })
  await first.stop()

  const second = await startApi(t, { ...first.env, LAB_USERS: demo })
  assert.equal(await get(second, token, 'removed'), 401)
  assert.equal((await second.logged((line) => line.request_id === 'removed')).auth_rejection, 'unknown_user')
  const { status, body } = await login(second, eve)
  const unknown = await login(second, 'unknown:a-password')
  assert.deepEqual([status, body], [401, unknown.body])
  assert.equal((await login(second, demo)).status, 200)
  await second.stop()

  const third = await startApi(t, { ...first.env, LAB_USERS: `${demo},eve:another-password` })
  assert.equal((await third.logged(({ msg }) => msg === 'users changed')).changed, 1)
  assert.equal(await get(third, token, 'old token'), 401)
  assert.equal((await login(third, eve)).status, 401)
  const page = await third.fetch('/data/notes', { token: (await login(third, 'eve:another-password')).token })
  const { items } = (await page.json()) as { items: { title: string }[] }
  assert.deepEqual(
    items.map(({ title }) => title),
    ['kept'],
  )
  assert.ok(!third.logs.some(({ msg }) => msg.startsWith('database')))
})

test('two processes on one file serve each its own users, and remove none of the other’s', async (t) => {
  const first = await startApi(t, { LAB_USERS: demo })
  const second = await startApi(t, { ...first.env, LAB_USERS: eve })
  const ofDemo = await login(first, demo)
  const ofEve = await login(second, eve)
  assert.deepEqual([ofDemo.status, ofEve.status], [200, 200])
  assert.deepEqual([await get(first, ofDemo.token), await get(second, ofDemo.token)], [200, 401])
  assert.deepEqual([await get(second, ofEve.token), await get(first, ofEve.token)], [200, 401])
  assert.equal((await login(second, demo)).status, 401)
})
