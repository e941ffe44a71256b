import assert from 'node:assert/strict'
import { request } from 'node:http'
import { before, type TestContext, test } from 'node:test'
import { type Api, sendRaw, startApi } from './start-api.ts'

type Note = { id: string; title: string; body: string }
type Fault = { name: string; detail: string }

let api: Api
let token: string
before(async (t) => {
  api = await startApi(t as TestContext)
  token = await api.login()
})

const limit = 65_536
const post = (body: string | Uint8Array, headers: Record<string, string> = { 'Content-Type': 'application/json' }) =>
  api.fetch('/data/notes', { method: 'POST', token, body: body as string, headers })
const create = (json: unknown) => post(JSON.stringify(json))

// The names of the members that a 422 is about.
async function refused(answer: Response): Promise<string[]> {
  assert.equal(answer.status, 422)
  const { errors } = (await answer.json()) as { errors: Fault[] }
  assert.ok(errors.every(({ detail }) => detail.length > 0))
  return errors.map(({ name }) => name)
}

test('titles of 1 to 200 and bodies of 0 to 5,000 code points are kept to the letter', async () => {
  const titles = [
    'a',
    'ä'.repeat(200),
    '🧑‍🚀'.repeat(66),
    '😀'.repeat(200),
    '\u0001',
    '\u2028\ufeff\uffff',
    '__proto__',
  ]
  const bodies = ['', 'b'.repeat(5_000), '😀'.repeat(5_000), 'a\u0001b', '\ud83d\ude00 \r\n\t"\\']
  for (const note of [
    ...titles.map((title) => ({ title, body: '' })),
    ...bodies.map((body) => ({ title: 't', body })),
  ]) {
    const created = await create(note)
    assert.equal(created.status, 201)
    const read = await api.fetch(String(created.headers.get('Location')), { token })
    const { title, body } = (await read.json()) as Note
    assert.deepEqual({ title, body }, note)
  }
})

test('a title or a body that is too short or too long is refused, and so is a lone surrogate or U+0000', async () => {
  for (const title of ['', 'a'.repeat(201), '😀'.repeat(201), 'a\ud800', '\udc00\ud800', '\ud83d', 'a\0b']) {
    assert.deepEqual(await refused(await create({ title, body: '' })), ['title'])
  }
  for (const body of ['b'.repeat(5_001), `${'😀'.repeat(2_500)}${'b'.repeat(2_501)}`, '\udfff', '\0']) {
    assert.deepEqual(await refused(await create({ title: 'a', body })), ['body'])
  }
})

test('unknown members are refused by their names', async () => {
  for (const name of [
    'extra',
    'id',
    'user_id',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    '',
    'Title',
    '😀',
  ]) {
    const text = `{"title":"a","body":"b",${JSON.stringify(name)}:{"admin":true}}`
    assert.deepEqual(await refused(await post(text)), [name])
  }
  assert.deepEqual(await refused(await create({ title: 'a', body: 'b', one: 1, two: 2 })), ['one', 'two'])
})

test('members that are missing or of another type are refused by their names', async () => {
  for (const value of [undefined, null, 1, true, [], ['a'], {}, { length: 1 }]) {
    assert.deepEqual(await refused(await create({ title: value, body: 'b' })), ['title'])
    assert.deepEqual(await refused(await create({ title: 'a', body: value })), ['body'])
  }
  const credentials = { username: ['demo'], password: { $ne: '' } }
  const login = await api.fetch('/auth/login', { method: 'POST', json: credentials })
  assert.deepEqual(await refused(login), ['username', 'password'])
})

test('a body that is no object is refused, however deep it is', async () => {
  for (const text of ['null', '[]', '"text"', '5', 'true', `${'['.repeat(30_000)}${']'.repeat(30_000)}`]) {
    assert.deepEqual(await refused(await post(text)), [''])
  }
  assert.deepEqual(await refused(await post(`{"title":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)},"body":""}`)), [
    'title',
  ])
})

test('query members are refused by their names when they are wrong, doubled or unknown', async () => {
  const list = (query: string) => api.fetch(`/data/notes?${query}`, { token })
  for (const value of ['', '0', '-1', '101', '1000', 'abc', '1e1', '05', '+5', '5.0', '5%20', '%35%00', '٥', '0x10']) {
    assert.deepEqual(await refused(await list(`limit=${value}`)), ['limit'], value)
  }
  for (const value of ['', 'x', '0', 'null', '%F0', "'%20OR%201=1--"]) {
    assert.deepEqual(await refused(await list(`cursor=${value}`)), ['cursor'], value)
  }
  assert.deepEqual(await refused(await list('limit=1&limit=2')), ['limit'])
  assert.deepEqual(await refused(await list('constructor=1&__proto__=2&page=1')), ['constructor', '__proto__', 'page'])
  for (const query of ['', 'limit=1', 'limit=100', 'limit=%35']) assert.equal((await list(query)).status, 200)
})

test("another user's note as a cursor shows no note of that user", async () => {
  const mine = await (await create({ title: 'mine', body: '' })).json()
  const eve = await api.login('eve')
  let cursor = ''
  for (const title of ['hers', 'hers too']) {
    const created = await api.fetch('/data/notes', { method: 'POST', token: eve, json: { title, body: '' } })
    cursor = ((await created.json()) as Note).id
  }
  const page = await api.fetch(`/data/notes?cursor=${cursor}&limit=1`, { token })
  assert.deepEqual(((await page.json()) as { items: Note[] }).items, [mine])
})

test('bodies up to 64 KiB are read and larger ones are 413, by length and by chunks', async () => {
  const note = '{"title":"a","body":""}'
  for (const [size, status] of [
    [limit, 201],
    [limit + 1, 413],
  ] as const) {
    const body = note + ' '.repeat(size - note.length)
    assert.equal((await post(body)).status, status)
    assert.equal((await send(Buffer.from(body), { 'Transfer-Encoding': 'chunked' })).status, status)
  }
})

test('whatever a schema allows is never too large, in the longest spelling that JSON has for it', async () => {
  type Schemas = Record<string, { properties: Record<string, { maxLength?: number; maximum?: number }> }>
  const { components } = (await (await api.fetch('/openapi.json')).json()) as { components: { schemas: Schemas } }
  for (const [name, path, status] of [
    ['NoteInput', '/data/notes', 201],
    ['Credentials', '/auth/login', 401],
  ] as const) {
    const members = Object.entries(components.schemas[name]?.properties ?? {}).map(
      ([member, { maxLength, maximum }]) =>
        `"${member}":${maxLength === undefined ? maximum : `"${'\\ud83d\\ude00'.repeat(maxLength)}"`}`,
    )
    const headers = { 'Content-Type': 'application/json' }
    const answer = await api.fetch(path, { method: 'POST', token, headers, body: `{${members}}` })
    assert.equal(answer.status, status)
  }
})

test('413 is answered before the body has arrived', async () => {
  const chunk = `${(limit + 1).toString(16)}\r\n${' '.repeat(limit + 1)}\r\n`
  const head = `POST /data/notes HTTP/1.1\r\nHost: api\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n`
  for (const rest of ['Content-Length: 10000000\r\n\r\n{"ti', `Transfer-Encoding: chunked\r\n\r\n${chunk}`]) {
    const answer = await sendRaw(api.url, `${head}Content-Type: application/json\r\n${rest}`)
    assert.match(answer, /^HTTP\/1.1 413 /)
  }
})

test('a client that sends 5 MB to the end can read its 413', async () => {
  const body = Buffer.alloc(5_000_000, 'a')
  for (let n = 0; n < 10; n++) {
    assert.equal((await send(body, { 'Content-Length': String(body.length) })).status, 413)
    assert.equal((await send(body, { 'Transfer-Encoding': 'chunked' })).status, 413)
  }
})

test('a body that is not JSON in UTF-8 is 400', async () => {
  for (const body of ['', ' ', '{', "{'title':1}", '{"title":"a","body":"b"}}', '{"a":1,}', 'NaN', '\ufeff\ufeff{}']) {
    assert.equal((await post(body)).status, 400, body)
  }
  const latin1 = Buffer.from('{"title":"\xe4","body":""}', 'latin1')
  const overlong = Buffer.from('7b227469746c65223a22c0af222c22626f6479223a22227d', 'hex')
  const utf16 = Buffer.from('{"title":"a","body":""}', 'utf16le')
  for (const body of [latin1, overlong, utf16]) assert.equal((await post(body)).status, 400)
})

test('another content type or any content encoding is 415; parameters of the type do not matter', async () => {
  const note = '{"title":"a","body":""}'
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json-patch+json',
    'application/jsonp',
    '',
  ]) {
    assert.equal((await post(Buffer.from(note), type === '' ? {} : { 'Content-Type': type })).status, 415, type)
  }
  for (const encoding of ['gzip', 'br', 'deflate', 'zstd', 'GZIP', 'identity, gzip', 'x']) {
    const headers = { 'Content-Type': 'application/json', 'Content-Encoding': encoding }
    assert.equal((await post(note, headers)).status, 415, encoding)
  }
  for (const type of [
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/json ; v=1',
  ]) {
    assert.equal((await post(note, { 'Content-Type': type })).status, 201, type)
  }
})

// fetch may give up sending when the answer comes early; this client sends everything first.
function send(body: Buffer, headers: Record<string, string>): Promise<{ status?: number }> {
  return new Promise((resolve, reject) => {
    const type = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const sent = request(`${api.url}/data/notes`, { method: 'POST', headers: { ...type, ...headers } }, (answer) => {
      answer.resume().on('end', () => resolve({ status: answer.statusCode }))
    })
    sent.on('error', reject).end(body)
  })
}
