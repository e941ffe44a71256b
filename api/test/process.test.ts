import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { type Api, sendRaw, startApi, until } from './start-api.ts'

const limit = { timeout: 60_000 } // only against hanging

/** GET with node:http, which shows what happens to the connection. */
async function get(url: string, agent: Agent, id: string) {
  const outgoing = request(url, { agent, headers: { 'X-Request-Id': id } }).end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  incoming.resume()
  await once(incoming, 'end')
  return { status: incoming.statusCode, connection: incoming.headers.connection, reused: outgoing.reusedSocket }
}

async function connects(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Environment that makes the program run this code too when it gets SIGUSR2. */
function onSignal(code: string) {
  const module = `process.on('SIGUSR2', () => { ${code} })`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` }
}

async function samples(api: Api): Promise<Map<string, number>> {
  const page = await (await fetch(api.metricsUrl)).text()
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

for (const [signal, journalMode] of [
  ['SIGTERM', 'delete'],
  ['SIGINT', 'wal'],
] as const) {
  test(
    `${signal} drains: running requests finish, no log line is lost, the database is closed (${journalMode})`,
    limit,
    async (t) => {
      const api = await startApi(t, { JOURNAL_MODE: journalMode })
      const closed = once(api.child, 'close')
      const token = await api.login()
      await api.fetch('/data/notes', { method: 'POST', token, json: { title: 'a note', body: '' } })
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      t.after(() => agent.destroy())
      assert.equal((await get(`${api.url}/health`, agent, 'first')).connection, 'keep-alive')

      const login = JSON.stringify({ username: 'demo', password: api.env.LAB_USERS?.match(/demo:(\w+)/)?.[1] })
      const headers = { 'Content-Type': 'application/json', 'Content-Length': login.length, 'X-Request-Id': 'slow' }
      const slow = request(`${api.url}/auth/login`, { method: 'POST', headers })
      slow.write(login.slice(0, 10))
      await until('the login is in progress', async () => (await samples(api)).get('http_server_active_requests') === 1)
      const logins = Array.from({ length: 8 }, (_, i) => {
        const headers = { 'Content-Type': 'application/json', 'X-Request-Id': `login-${i}` }
        return api.fetch('/auth/login', { method: 'POST', body: login, headers })
      })

      const exit = api.stop(signal)
      const ids = ['first', 'slow', ...logins.map((_, i) => `login-${i}`)]
      for (let connection: unknown; connection !== 'close'; ) {
        const id = `open-connection-${ids.length}`
        ids.push(id)
        const answer = await get(`${api.url}/health`, agent, id)
        assert.deepEqual([answer.status, answer.reused], [200, true])
        connection = answer.connection
      }
      await until('no connection is accepted', async () => !(await connects(api.url)))
      slow.end(login.slice(10)) // by now nothing keeps the process but what runs
      const [answer] = (await once(slow, 'response')) as [IncomingMessage]
      assert.equal(answer.statusCode, 200)
      for (const login of logins) assert.equal((await login).status, 200)

      assert.equal(await exit, 0)
      await closed
      assert.equal(api.logs.at(-1)?.msg, 'stopped')
      for (const id of ids) {
        assert.equal(api.logs.filter((line) => line.request_id === id).length, 1, `log lines of ${id}`)
      }
      assert.deepEqual(readdirSync(api.folder), ['notes.db'])
      const db = new Database(api.databasePath, { readonly: true })
      assert.equal(db.pragma('integrity_check', { simple: true }), 'ok')
      assert.equal(db.prepare('SELECT title FROM notes').pluck().get(), 'a note')
      db.close()
    },
  )
}

test('a client that never finishes its request does not keep the process from ending', limit, async (t) => {
  const api = await startApi(t)
  const closed = once(api.child, 'close')
  const head = 'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Request-Id: unfinished\r\n'
  const answer = sendRaw(api.url, `${head}Content-Length: 100\r\n\r\n{"user`)
  await until('the login is in progress', async () => (await samples(api)).get('http_server_active_requests') === 1)
  assert.equal(await api.stop(), 0)
  await closed
  assert(api.logs.some((line) => line.msg === 'stopped'))
  assert.equal(await answer.catch(() => ''), '') // cut off, with or without a word of the system
  assert.equal(api.logs.find((line) => line.request_id === 'unfinished')?.status, 499)
})

const exception = `throw new Error('out of the blue')`
for (const [what, code] of [
  ['an exception', exception],
  ['an unhandled rejection', `(async () => { ${exception} })()`],
  ['the first of two exceptions', `for (let i = 0; i < 2; i++) setTimeout(() => { ${exception} })`],
] as const) {
  test(`${what} is logged as fatal and ends the process with code 1`, limit, async (t) => {
    const api = await startApi(t, onSignal(code))
    const closed = once(api.child, 'close')
    assert.equal(await api.stop('SIGUSR2'), 1)
    await closed
    const fatal = api.logs.filter((line) => line.level === 'fatal') as { err?: { message: string; stack: string } }[]
    assert.equal(fatal.length, 1)
    assert.equal(fatal[0]?.err?.message, 'out of the blue')
    assert.match(String(fatal[0]?.err?.stack), /data:text/)
    assert.deepEqual(readdirSync(api.folder), ['notes.db'])
  })
}

test('what one reader of the metrics page reads does not change what the other sees', limit, async (t) => {
  const block = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)'
  const api = await startApi(t, onSignal(block))
  function longBlocks(page: Map<string, number>) {
    const delay = (name: string) => page.get(`nodejs_eventloop_delay_seconds_${name}`) ?? Number.NaN
    return delay('count') - delay('bucket{le="0.25"}')
  }
  const before = await samples(api)
  api.child.kill('SIGUSR2')
  await until('the block is on the page', async () => longBlocks(await samples(api)) > longBlocks(before))

  const pages = [before, ...(await Promise.all([samples(api), samples(api)])), await samples(api)]
  for (const [i, page] of pages.entries()) {
    assert(i === 0 || longBlocks(page) > longBlocks(before), 'the block is no longer seen')
    for (const name of before.keys()) assert(page.has(name), `${name} vanished`)
    for (const [name, value] of page) {
      // Only what counts must never fall; these of Node's gauges are called so all the same.
      if (!/_(total|count|sum|bucket)(\{|$)/.test(name) || name.startsWith('nodejs_active_')) continue
      assert(value >= (pages[i - 1]?.get(name) ?? 0), `${name} fell to ${value}`)
    }
  }
})

test('the API goes on when its standard output is closed', limit, async (t) => {
  const api = await startApi(t)
  api.child.stdout?.destroy()
  for (let i = 0; i < 8; i++) {
    assert.equal((await api.fetch('/health')).status, 200)
    await sleep(50) // the flush interval is longer: some lines are written in between
  }
  assert.equal(await api.stop(), 0)
})
