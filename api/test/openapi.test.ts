import assert from 'node:assert/strict'
import { before, type TestContext, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { type Contract, fits, type Operation, readContract, type Schema } from '../fuzz/contract.ts'
import { type Api, sendRaw, startApi, until, whenServed } from './start-api.ts'

type Sent = { method: string; path: string; headers: string[]; body: string }

const attempts = 5
let api: Api
let password: string
let token: string
let text: string
let contract: Contract
let operations: Operation[]

before(async (t) => {
  api = await startApi(t as TestContext, { LOGIN_ATTEMPTS_PER_MINUTE: String(attempts) })
  password = String(api.env.LAB_USERS?.match(/demo:(\w+)/)?.[1])
  // Issued in the future, so that no logout ends it.
  const { sub } = jsonwebtoken.decode(await api.login()) as { sub: string }
  token = jsonwebtoken.sign({ sub, iat: Math.floor(Date.now() / 1000) + 600 }, String(api.env.JWT_SECRET), {
    expiresIn: 600,
  })
  text = await (await api.fetch('/openapi.json')).text()
  contract = readContract(text)
  operations = contract.operations
})

function bytesOf({ method, path, headers, body }: Sent, end = '\r\n\r\n') {
  const length = headers.some((line) => line.startsWith('Content-Length')) || body === '' ? [] : [body.length]
  const lines = [...headers, 'Host: api', 'Connection: close', ...length.map((bytes) => `Content-Length: ${bytes}`)]
  return [`${method} ${path} HTTP/1.1`, ...lines].join('\r\n') + end + (end === '' ? '' : body)
}

async function answerTo(bytes: string) {
  const answer = await sendRaw(api.url, bytes)
  const [head = '', ...body] = answer.split('\r\n\r\n')
  const [start = '', ...lines] = head.split('\r\n')
  const headers = new Map(lines.map((line) => line.split(/:\s*/, 2) as [string, string]))
  return { status: Number(start.split(' ')[1]), headers, body: body.join('\r\n\r\n') }
}
// A request as it should be: with a token, with a body where one belongs, and for a note that exists.
async function rightRequest(operation: Operation): Promise<Sent> {
  const { method, path } = operation
  const note = { title: 'a', body: 'b' }
  const made = path.includes('{id}') && (await api.fetch('/data/notes', { method: 'POST', token, json: note }))
  const body = path === '/auth/login' ? { username: 'demo', password } : contract.bodyOf(operation)
  return {
    method,
    path: made ? path.replace('{id}', String(made.headers.get('Location')?.split('/').at(-1))) : path,
    headers: [`Authorization: Bearer ${token}`, ...(body ? ['Content-Type: application/json'] : [])],
    body: body ? JSON.stringify(body) : '',
  }
}

// Ways to ask for each answer; every one is tried on every operation, so that no answer can hide.
const ways: Record<string, (right: Sent) => Sent> = {
  success: (right) => right,
  400: (right) => ({ ...right, headers: [...right.headers, 'a header without a colon'] }),
  'broken body': (right) => ({ ...right, body: right.body.slice(1) }),
  401: ({ body, ...right }) => ({ ...right, headers: right.headers.slice(1), body: body.replace(password, 'wrong') }),
  404: (right) => ({ ...right, path: right.path.replace(/[0-9a-f-]{36}/, 'none') }),
  413: (right) => ({ ...right, headers: [...right.headers, 'Content-Length: 262145'] }),
  415: (right) => ({ ...right, headers: right.headers.map((line) => line.replace('json', 'xml')) }),
  422: (right) => ({ ...right, path: `${right.path}?limit=0`, body: right.body && '{}' }),
  431: (right) => ({ ...right, headers: [...right.headers, `Filler: ${'a'.repeat(20_000)}`] }),
}

test('every documented answer is given, and every answer given is documented', async () => {
  const given = new Set<string>()
  let isBroken = false
  async function judge(operation: Operation, bytes: string) {
    const send = () => answerTo(bytes)
    const answer = await (isBroken ? send() : whenServed(send, ({ body }) => body))
    contract.assertDocumented(answer, operation)
    given.add(`${operation.method} ${operation.path} ${answer.status}`)
  }
  async function quickOnes() {
    for (const operation of operations) {
      for (const way of Object.values(ways)) {
        // A way that changes nothing here, such as another content type where there is no body, is no news.
        const right = await rightRequest(operation)
        const sent = way(right)
        if (sent === right || bytesOf(sent) !== bytesOf(right)) await judge(operation, bytesOf(sent))
      }
      for (let n = 0; n <= attempts; n++) {
        const right = await rightRequest(operation)
        await judge(operation, bytesOf({ ...right, body: right.body.replace('demo', 'stranger') }))
      }
    }
    const rights = await Promise.all(operations.map(rightRequest))
    const repair = await api.breakDatabase()
    isBroken = true
    for (const [i, operation] of operations.entries()) await judge(operation, bytesOf(rights[i] as Sent))
    await repair()
    isBroken = false
    const health = async () => (await (await api.fetch('/health')).json()) as { status: string }
    await until('/health is ok', async () => (await health()).status === 'ok')
  }
  const headersThatNeverEnd = operations.map(async (operation) =>
    judge(operation, bytesOf(await rightRequest(operation), '')),
  )
  await Promise.all([quickOnes(), ...headersThatNeverEnd])

  const documented = operations.flatMap(({ method, path, responses }) =>
    Object.keys(responses).map((status) => `${method} ${path} ${status}`),
  )
  assert.deepEqual([...given].sort(), documented.sort())
})

test('the document is sound: references, path parameters, operation ids, schemas and their defaults', () => {
  const document = JSON.parse(text)
  assert.match(document.openapi, /^3\.1\.\d$/)
  assert.deepEqual(document.servers, [{ url: '/' }])
  JSON.parse(text, (key, value) => {
    if (key !== '$ref') return value
    const names = String(value).replace('#/', '').split('/')
    assert.ok(
      names.reduce((part, name) => part?.[name], document),
      `${value} resolves`,
    )
  })
  const ids = operations.map((operation) => operation.operationId)
  assert.equal(new Set(ids).size, ids.length)
  for (const { path, parameters, responses } of operations) {
    const declared = parameters.filter((parameter) => parameter.in === 'path')
    assert.deepEqual(declared.map(({ name }) => name).sort(), (path.match(/(?<={)\w+(?=})/g) ?? []).sort())
    assert.ok(declared.every((parameter) => parameter.required))
    for (const { description } of Object.values(responses)) assert.equal(typeof description, 'string')
    for (const { name, schema } of parameters) {
      const valid = contract.ajv.compile(schema)
      if ('default' in schema) assert.ok(valid(schema.default), `the default of ${name} fits its own schema`)
    }
  }
  for (const [name, schema] of Object.entries<Schema>(document.components.schemas)) {
    assert.ok(contract.ajv.validateSchema(schema), `${name}: ${contract.ajv.errorsText(contract.ajv.errors)}`)
    assert.ok(contract.ajv.getSchema(name))
  }
})

const plain = (method: string, path: string) => answerTo(bytesOf({ method, path, headers: [], body: '' }))

test('HEAD is answered wherever GET is, as GET without a body', async () => {
  for (const operation of operations.filter(({ method }) => method === 'GET')) {
    const right = await rightRequest(operation)
    const get = await answerTo(bytesOf(right))
    const head = await answerTo(bytesOf({ ...right, method: 'HEAD' }))
    assert.deepEqual([head.status, head.body], [get.status, ''])
    assert.deepEqual([...head.headers.keys()], [...get.headers.keys()])
  }
})

test('any other path is 404, for every method', async () => {
  for (const path of ['/', '/nowhere', '/health/', '/HEALTH', '/data/notes/', '/data', '//health', '/data/notes/a/b']) {
    for (const method of ['GET', 'POST', 'OPTIONS', 'TRACE']) contract.assertProblem(await plain(method, path), 404)
  }
})

test('any other method is 405, and Allow lists the right ones', async () => {
  for (const { path } of operations) {
    const target = path.replace('{id}', 'none')
    const documented = operations.filter((operation) => fits(operation, target)).map(({ method }) => method)
    const right = [...new Set(documented.includes('GET') ? [...documented, 'HEAD'] : documented)]
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      if (right.includes(method)) continue
      const answer = await plain(method, target)
      if (method === 'HEAD') assert.equal(answer.status, 405)
      else contract.assertProblem(answer, 405)
      assert.deepEqual(answer.headers.get('Allow')?.split(', '), right.sort())
    }
  }
})

test('a request without a Host, and bytes that are not HTTP, are 400', async () => {
  contract.assertProblem(await answerTo('GET /health HTTP/1.1\r\nConnection: close\r\n\r\n'), 400)
  for (const bytes of ['\x16\x03\x01\x02\r\n\r\n', 'hello\r\n\r\n', 'GET /health HTTP/9.9\r\nHost: api\r\n\r\n']) {
    contract.assertProblem(await answerTo(bytes), 400)
  }
})
