import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { ownFolder, writeOwn } from './own-files.ts'
import { type Api, startApi } from './start-api.ts'

const newSecret = () => randomBytes(48).toString('base64')
const get = async (api: Api, token: string) => (await api.fetch('/data/notes', { token })).status

/** The API with its secrets in a file, and the means to change them while it runs. */
async function startWithFile(t: TestContext, ...secrets: string[]) {
  const file = join(ownFolder(t), 'secrets')
  const write = (secrets: string[]) => writeOwn(file, `${secrets.join('\n')}\n`)
  write(secrets)
  const databasePath = join(dirname(file), 'notes.db')
  const api = await startApi(t, { JWT_SECRET: '', JWT_SECRET_FILE: file, DATABASE_PATH: databasePath })
  async function change(...secrets: string[]) {
    write(secrets)
    const lines = api.logs.length
    api.child.kill('SIGUSR2')
    return api.logged((line) => api.logs.indexOf(line) >= lines && line.msg.startsWith('secrets '))
  }
  return { api, change }
}

test('secrets are changed under constant requests and not one fails; the retired one is refused', async (t) => {
  const [old, fresh] = [newSecret(), newSecret()]
  const { api, change } = await startWithFile(t, old)
  const before = await api.login()
  let token = before
  let stop = false
  const statuses = new Map<number, number>()
  async function client() {
    while (!stop) {
      const status = await get(api, token)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  const clients = Array.from({ length: 4 }, client)

  assert.equal((await change(fresh, old)).accepted, 2)
  const after = await api.login()
  assert.ok(jsonwebtoken.verify(after, fresh))
  assert.deepEqual([await get(api, before), await get(api, after)], [200, 200])
  token = after
  const answered = (statuses.get(200) ?? 0) + 10 // whoever still holds the old token has been answered by then
  while ((statuses.get(200) ?? 0) < answered) await get(api, after)
  assert.equal((await change(fresh)).accepted, 1)
  assert.deepEqual([await get(api, before), await get(api, after)], [401, 200])
  stop = true
  await Promise.all(clients)
  assert.deepEqual([...statuses.keys()], [200])
})

test('what is wrong with an old token is told apart from a forgery while two secrets are accepted', async (t) => {
  const [old, fresh] = [newSecret(), newSecret()]
  const { api } = await startWithFile(t, fresh, old)
  const { sub } = jsonwebtoken.decode(await api.login()) as { sub: string }
  const expected = { expired: { secret: old, expiresIn: -60 }, signature: { secret: newSecret(), expiresIn: 60 } }
  for (const [reason, { secret, expiresIn }] of Object.entries(expected)) {
    const token = jsonwebtoken.sign({ sub }, secret, { expiresIn })
    await api.fetch('/data/notes', { token, headers: { 'X-Request-Id': reason } })
    assert.equal((await api.logged((line) => line.request_id === reason)).auth_rejection, reason)
  }
})

test('a wrong change is told and changes nothing', async (t) => {
  const { api, change } = await startWithFile(t, newSecret())
  const token = await api.login()
  const line = await change('x'.repeat(40))
  assert.equal(line.msg, 'secrets not changed')
  assert.match(String(line.faults), /^JWT_SECRET_FILE must be random .* only 1 different/)
  assert.equal(await get(api, token), 200)
  assert.equal(await get(api, await api.login()), 200)
})

test('secrets in .env are read again too', async (t) => {
  const folder = ownFolder(t)
  const [old, fresh] = [newSecret(), newSecret()]
  writeOwn(join(folder, '.env'), `JWT_SECRET=${old}\n`)
  const api = await startApi(t, { DATABASE_PATH: join(folder, 'notes.db') }, ['JWT_SECRET'])
  const token = await api.login()
  writeOwn(join(folder, '.env'), `JWT_SECRET=${fresh}\nJWT_SECRET_PREVIOUS=${old}\n`)
  api.child.kill('SIGUSR2')
  await api.logged((line) => line.accepted === 2)
  assert.equal(await get(api, token), 200)
  assert.ok(jsonwebtoken.verify(await api.login(), fresh))
})
