import assert from 'node:assert/strict'
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { chmodSync, renameSync } from 'node:fs'
import { connect } from 'node:net'
import { before, type TestContext, test } from 'node:test'
import { type Api, type LogLine, sendRaw, startApi } from './start-api.ts'

let api: Api
let token: string
let headersThatNeverEnd: Promise<string>
before(async (t) => {
  api = await startApi(t as TestContext)
  token = await api.login()
  // Its answer takes 5 s, so it is asked for now and looked at by the last test.
  headersThatNeverEnd = sendRaw(api.url, 'GET /health HTTP/1.1\r\nHost: api\r\n')
})
const note = { title: 'a', body: 'b' }
const wrong = { username: 'demo', password: 'wrong' }

// Every line so far about a request. Lines are written in order, so after a marker's line those of earlier requests are there.
async function requestLines(): Promise<LogLine[]> {
  const marker = `marker-${randomUUID()}`
  await api.fetch('/health', { headers: { 'X-Request-Id': marker } })
  await api.logged((line) => line.request_id === marker)
  const others = api.logs.filter((line) => line.msg === 'request' && !String(line.request_id).startsWith('marker-'))
  return others.filter((line) => line.status !== 408) // comes in the middle of some test
}

test('every request is one line: id, trace, method, route, status, duration', async () => {
  const before = (await requestLines()).length
  const requests: [path: string, init: Parameters<typeof api.fetch>[1], route: string, status: number][] = [
    ['/health?a=b', {}, '/health', 200],
    ['/health', { method: 'HEAD' }, '/health', 200],
    ['/openapi.json', {}, '/openapi.json', 200],
    ['/nowhere', {}, 'unmatched', 404],
    ['/health', { method: 'DELETE' }, 'unmatched', 405],
    ['/data/notes', {}, '/data/notes', 401],
    ['/data/notes', { token }, '/data/notes', 200],
    ['/data/notes/none', { token }, '/data/notes/:id', 404],
    ['/data/notes', { method: 'POST', token, json: note }, '/data/notes', 201],
    ['/data/notes', { method: 'POST', token, json: {} }, '/data/notes', 422],
    ['/data/notes', { method: 'POST', token, body: 'text' }, '/data/notes', 415],
    ['/data/notes', { method: 'POST', token, json: ' '.repeat(300_000) }, '/data/notes', 413],
    ['/auth/login', { method: 'POST', json: wrong }, '/auth/login', 401],
  ]
  for (const [i, [path, init]] of requests.entries()) {
    const answer = await api.fetch(path, { ...init, headers: { 'X-Request-Id': `each-${i}` } })
    assert.equal(answer.headers.get('X-Request-Id'), `each-${i}`)
    await answer.text()
  }
  const lines = (await requestLines()).slice(before)
  const seen = lines.map(({ request_id, method, route, status }) => [request_id, method, route, status])
  const expected = requests.map(([, init, route, status], i) => [`each-${i}`, init?.method ?? 'GET', route, status])
  assert.deepEqual(seen, expected)
  for (const line of lines) {
    assert.match(String(line.trace_id), /^[0-9a-f]{32}$/)
    assert.ok(typeof line.duration_ms === 'number' && line.duration_ms > 0)
    assert.ok(!Number.isNaN(Date.parse(String(line.time))))
  }
  assert.equal(new Set(lines.map((line) => line.trace_id)).size, lines.length)
})

test('a line names the user of an accepted token or login by id, and no other user', async () => {
  const idOf = (jwt: string) => JSON.parse(String(Buffer.from(jwt.split('.')[1] ?? '', 'base64url'))).sub
  const before = (await requestLines()).length
  const ofEve = await api.login('eve')
  for (const one of [token, token, ofEve, undefined, `${ofEve.slice(0, -4)}AAAA`]) {
    await api.fetch('/data/notes', { token: one })
  }
  await api.fetch('/auth/login', { method: 'POST', json: wrong })
  const ids = (await requestLines()).slice(before).map((line) => line.user_id)
  const [demo, eve] = [idOf(token), idOf(ofEve)]
  assert.deepEqual(ids, [eve, demo, demo, eve, undefined, undefined, undefined])
})

test('a well-formed X-Request-Id is kept; another, or none, is replaced', async () => {
  const ids: unknown[] = []
  async function ask(headers: Record<string, string>) {
    const id = (await api.fetch('/health', { headers })).headers.get('X-Request-Id')
    ids.push(id)
    return String(id)
  }
  const before = (await requestLines()).length
  for (const id of ['a', '0-9.A_z', 'x'.repeat(128), randomUUID()]) assert.equal(await ask({ 'X-Request-Id': id }), id)
  for (const id of ['', 'x'.repeat(129), 'a b', 'a,b', '<a>', '"a"', 'é', '{"level":"fatal"}', 'a/b', 'a\tb']) {
    assert.match(await ask({ 'X-Request-Id': id }), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/)
  }
  assert.match(await ask({}), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/)
  const lines = (await requestLines()).slice(before)
  assert.deepEqual(
    lines.map((line) => line.request_id),
    ids,
  )
})

test('a traceparent is honoured; a malformed one is replaced', async () => {
  const trace = randomBytes(16).toString('hex')
  const span = randomBytes(8).toString('hex')
  const wellFormed = [`00-${trace}-${span}-01`, `00-${trace}-${span}-00`]
  const zero = (digits: number) => '0'.repeat(digits)
  const malformed = [
    `00-${trace}-01`,
    `00-${zero(32)}-${span}-01`,
    `00-${trace}-${zero(16)}-01`,
    `ff-${trace}-${span}-01`,
  ]
  const before = (await requestLines()).length
  for (const traceparent of [...wellFormed, ...malformed]) await api.fetch('/health', { headers: { traceparent } })
  const traces = (await requestLines()).slice(before).map((line) => String(line.trace_id))
  assert.deepEqual(traces.slice(0, 2), [trace, trace])
  for (const made of traces.slice(2)) assert.match(made, /^(?!0{32})[0-9a-f]{32}$/)
  assert.equal(new Set(traces).size, 1 + malformed.length)
})

function hangUpAfter(bytes: string) {
  connect(Number(new URL(api.url).port), '127.0.0.1')
    .end(bytes)
    .resume()
}
const loginHead = (id: string, length: number) =>
  `POST /auth/login HTTP/1.1\r\nHost: api\r\nX-Request-Id: ${id}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`

test('a request whose client hung up, in its body or while it waited, is one line with status 499', async () => {
  const body = JSON.stringify(wrong)
  const before = (await requestLines()).length
  // Hashes are made one at a time, so the last of many logins waits long enough to be given up.
  const others = Array.from({ length: 20 }, () => api.fetch('/auth/login', { method: 'POST', json: wrong }))
  await others[0]
  hangUpAfter(loginHead('hung-up-waiting', body.length) + body)
  hangUpAfter(loginHead('hung-up-in-body', 1000) + body)
  await Promise.all(others)
  for (const id of ['hung-up-waiting', 'hung-up-in-body']) {
    const line = await api.logged((line) => line.request_id === id)
    assert.deepEqual([line.method, line.route, line.status], ['POST', '/auth/login', 499])
  }
  assert.equal((await requestLines()).length - before, others.length + 2)
})

test('a request with a broken body is one line, with the id and the status of its answer', async () => {
  const chunked = (head: string) => head.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked')
  // A token that was never seen: it is examined while the body is already found broken.
  const atNotes = `POST /data/notes HTTP/1.1\r\nAuthorization: Bearer ${await api.login('eve')}`
  const heads = {
    'broken-login': chunked(loginHead('broken-login', 0)),
    'broken-note': chunked(loginHead('broken-note', 0)).replace(/^.*$/m, atNotes),
  }
  for (const [id, head] of Object.entries(heads)) {
    const before = (await requestLines()).length
    const answer = await sendRaw(api.url, `${head}no length\r\n`)
    assert.match(answer, /^HTTP\/1.1 400 /)
    assert.match(answer, new RegExp(`^X-Request-Id: ${id}\r$`, 'm'))
    const lines = (await requestLines()).slice(before)
    assert.deepEqual(
      lines.map(({ request_id, status }) => [request_id, status]),
      [[id, 400]],
    )
    // Not only when the 10 s that a request may take were over.
    assert.ok(Number(lines[0]?.duration_ms) < 9_000)
  }
})

test('in an outage every refused request says why, and the change is one line each way', async () => {
  const changes = () => api.logs.filter((line) => 'db_unavailable' in line && line.msg !== 'request')
  const aside = `${api.databasePath}-aside`
  const outages = [
    ['permission', () => chmodSync(api.databasePath, 0), () => chmodSync(api.databasePath, 0o600)],
    ['missing', () => renameSync(api.databasePath, aside), () => renameSync(aside, api.databasePath)],
  ] as const
  for (const [reason, fault, repair] of outages) {
    const before = { lines: (await requestLines()).length, changes: changes().length }
    fault()
    for (let n = 0; n < 10; n++) {
      assert.equal((await api.fetch('/data/notes', { token })).status, 503)
      assert.equal((await api.fetch('/data/notes', { method: 'POST', token, json: note })).status, 503)
      assert.equal((await api.fetch('/auth/login', { method: 'POST', json: wrong })).status, 503)
    }
    const lines = (await requestLines()).slice(before.lines)
    assert.equal(lines.length, 30)
    for (const line of lines) {
      assert.deepEqual([line.status, line.level, line.db_unavailable, line.reason], [503, 'warn', true, reason])
    }
    repair()
    for (let n = 0; n < 100 && changes().length < before.changes + 2; n++) await requestLines()
    assert.equal((await api.fetch('/data/notes', { token })).status, 200)
    const after = (await requestLines()).at(-1)
    assert.deepEqual([after?.status, after?.db_unavailable, after?.reason], [200, undefined, undefined])
    const [lost, found, ...more] = changes().slice(before.changes)
    assert.deepEqual([lost?.msg, lost?.db_unavailable, lost?.reason], ['database unavailable', true, reason])
    assert.deepEqual([found?.msg, found?.db_unavailable], ['database available', false])
    assert.ok(Number(found?.outage_ms) >= 0)
    assert.deepEqual(more, [])
  }
})

test('no secret is in any line or on the metrics page', async () => {
  const passwords = String(api.env.LAB_USERS)
    .split(/[:,]/)
    .filter((word) => word.length > 8)
  const secrets = {
    password: 'wrong-Passw0rd',
    title: 'a private title',
    body: 'a private body',
    basic: btoa('demo:wrong-Passw0rd'),
  }
  const forged = `${token.split('.', 2).join('.')}.${createHmac('sha256', 'guess').update(token).digest('base64url')}`
  const { password } = secrets
  const broken = `{"username":"demo","password":"${password}`
  const headers = { 'Content-Type': 'application/json' }
  const login = (json: unknown) => api.fetch('/auth/login', { method: 'POST', json })
  await login({ username: 'demo', password })
  await login({ username: password, password })
  await login({ username: 'demo', password: [password] })
  await login({ username: 'demo', password, [password]: 1 })
  for (const body of [broken, password]) await api.fetch('/auth/login', { method: 'POST', headers, body })
  await sendRaw(
    api.url,
    `${loginHead('cut', 0).replace('Content-Length: 0', 'Transfer-Encoding: chunked')}${password}\r\n${broken}`,
  )
  await sendRaw(api.url, `${broken}\r\n\r\n`)
  for (const method of ['GET', 'PATCH']) {
    await api.fetch(`/data/notes?token=${token}`, { method, token: forged })
    await api.fetch(`/data/notes/${token}`, {
      method,
      headers: { Authorization: `Basic ${secrets.basic}`, Cookie: token },
    })
  }
  const { title, body } = secrets
  await api.fetch('/data/notes', { method: 'POST', token, json: { title, body } })
  await api.fetch('/data/notes', { method: 'POST', token, json: { title, body, [title]: body } })
  await requestLines()
  const said = api.logs.map((line) => JSON.stringify(line)).join('\n') + (await (await fetch(api.metricsUrl)).text())
  const parts = [token, forged].flatMap((text) => text.split('.'))
  for (const secret of [
    api.env.JWT_SECRET,
    ...passwords,
    ...Object.values(secrets),
    ...parts,
    '$argon2',
    'uthorization',
  ]) {
    assert.ok(secret && !said.includes(secret), `a secret is shown: ${secret}`)
  }
})

test('what never becomes a request has a line too', async () => {
  const filler = `GET /health HTTP/1.1\r\nHost: api\r\nFiller: ${'a'.repeat(20_000)}\r\n\r\n`
  const answers = { 400: sendRaw(api.url, 'hello\r\n\r\n'), 431: sendRaw(api.url, filler), 408: headersThatNeverEnd }
  for (const [status, answer] of Object.entries(answers)) {
    const id = (await answer).match(/X-Request-Id: (\S+)/)?.[1]
    await requestLines()
    const lines = api.logs.filter((line) => line.request_id === id)
    assert.deepEqual(
      lines.map((line) => [line.msg, line.status, line.route]),
      [['request', Number(status), 'unmatched']],
    )
  }
})
