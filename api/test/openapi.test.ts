import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { before, type TestContext, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { type Api, sendRaw, startApi } from './start-api.ts'

type Schema = Record<string, unknown>
type Response = { description: string; headers?: Record<string, unknown>; content?: Record<string, { schema: Schema }> }
type Operation = {
  operationId: string
  parameters: { name: string; in: string; required?: boolean; schema: Schema }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, Response>
}
type Sent = { method: string; path: string; headers: string[]; body: string }

type Described = Operation & { method: string; path: string }

const attempts = 5
const ajv = new Ajv2020({ allErrors: true })
addFormats.default(ajv)
let api: Api
let password: string
let token: string
let text: string
let operations: Described[]

before(async (t) => {
  api = await startApi(t as TestContext, { LOGIN_ATTEMPTS_PER_MINUTE: String(attempts) })
  password = String(api.env.LAB_USERS?.match(/demo:(\w+)/)?.[1])
  token = await api.login()
  text = await (await api.fetch('/openapi.json')).text()
  // A copy to validate answers with: references are the names of the schemas, and no object may have unnamed members.
  const { paths, components } = JSON.parse(text, (key, value) => {
    if (key === '$id') return undefined
    if (key === '$ref') return value.replace('#/components/schemas/', '')
    return value?.properties && !('additionalProperties' in value) ? { ...value, additionalProperties: false } : value
  })
  for (const [name, schema] of Object.entries<Schema>(components.schemas)) ajv.addSchema(schema, name)
  operations = Object.entries<Record<string, Operation>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, ...operation })),
  )
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
type Answer = Awaited<ReturnType<typeof answerTo>>

const framing = ['Content-Type', 'Content-Length', 'Date', 'Connection', 'Keep-Alive', 'Transfer-Encoding']

function validate(answer: Answer, { headers = {}, content }: Response) {
  for (const name of Object.keys(headers)) assert.ok(answer.headers.get(name), `the documented header ${name} is sent`)
  for (const name of answer.headers.keys()) {
    assert.ok(name in headers || framing.includes(name), `the header ${name} is documented`)
  }
  if (!content) return assert.deepEqual([answer.body, answer.headers.get('Content-Type')], ['', undefined])
  const type = String(answer.headers.get('Content-Type')?.split(';')[0])
  const described = content[type]
  assert.ok(described, `the content type ${type} is documented`)
  const valid = ajv.compile(described.schema)
  assert.ok(valid(JSON.parse(answer.body)), ajv.errorsText(valid.errors))
}

function validateProblem(answer: Answer, status: number) {
  const problem = JSON.parse(answer.body)
  assert.equal(answer.headers.get('Content-Type'), 'application/problem+json')
  assert.deepEqual([answer.status, problem.status], [status, status])
  assert.equal(problem.request_id, answer.headers.get('X-Request-Id'))
  const valid = ajv.compile({ $ref: 'Problem' })
  assert.ok(valid(problem), ajv.errorsText(valid.errors))
}

// A request as it should be: with a token, with a body where one belongs, and for a note that exists.
async function rightRequest({ method, path, requestBody }: Described): Promise<Sent> {
  const note = { title: 'a', body: 'b' }
  const made = path.includes('{id}') && (await api.fetch('/data/notes', { method: 'POST', token, json: note }))
  const body = path === '/auth/login' ? { username: 'demo', password } : note
  return {
    method,
    path: made ? String(made.headers.get('Location')) : path,
    headers: [`Authorization: Bearer ${token}`, ...(requestBody ? ['Content-Type: application/json'] : [])],
    body: requestBody ? JSON.stringify(body) : '',
  }
}

// Ways to ask for each answer; every one is tried on every operation, so that no answer can hide.
const ways: Record<string, (right: Sent) => Sent> = {
  success: (right) => right,
  400: (right) => ({ ...right, headers: [...right.headers, 'a header without a colon'] }),
  'broken body': (right) => ({ ...right, body: right.body.slice(1) }),
  401: ({ body, ...right }) => ({ ...right, headers: right.headers.slice(1), body: body.replace(password, 'wrong') }),
  404: (right) => ({ ...right, path: right.path.replace(/notes\/.+/, 'notes/none') }),
  413: (right) => ({ ...right, headers: [...right.headers, 'Content-Length: 262145'] }),
  415: (right) => ({ ...right, headers: right.headers.map((line) => line.replace('json', 'xml')) }),
  422: (right) => ({ ...right, path: `${right.path}?limit=0`, body: right.body && '{}' }),
  431: (right) => ({ ...right, headers: [...right.headers, `Filler: ${'a'.repeat(20_000)}`] }),
}

test('every documented answer is given, and every answer given is documented', async () => {
  const given = new Set<string>()
  async function judge({ method, path, responses }: Described, bytes: string) {
    const answer = await answerTo(bytes)
    const name = `${method} ${path} ${answer.status}`
    assert.ok(responses[answer.status], `${name} is documented`)
    validate(answer, responses[answer.status] as Response)
    if (answer.status >= 400) validateProblem(answer, answer.status)
    given.add(name)
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
    chmodSync(api.databasePath, 0)
    for (const [i, operation] of operations.entries()) await judge(operation, bytesOf(rights[i] as Sent))
    chmodSync(api.databasePath, 0o600)
    await api.logged((line) => line.msg === 'database available')
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
      const valid = ajv.compile(schema)
      if ('default' in schema) assert.ok(valid(schema.default), `the default of ${name} fits its own schema`)
    }
  }
  for (const [name, schema] of Object.entries<Schema>(document.components.schemas)) {
    assert.ok(ajv.validateSchema(schema), `${name}: ${ajv.errorsText(ajv.errors)}`)
    assert.ok(ajv.getSchema(name))
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
    for (const method of ['GET', 'POST', 'OPTIONS', 'TRACE']) validateProblem(await plain(method, path), 404)
  }
})

test('any other method is 405, and Allow lists the right ones', async () => {
  for (const { path } of operations) {
    const documented = operations.filter((operation) => operation.path === path).map(({ method }) => method)
    const right = documented.includes('GET') ? [...documented, 'HEAD'] : documented
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      if (right.includes(method)) continue
      const answer = await plain(method, path.replace('{id}', 'none'))
      if (method === 'HEAD') assert.equal(answer.status, 405)
      else validateProblem(answer, 405)
      assert.deepEqual(answer.headers.get('Allow')?.split(', '), right.sort())
    }
  }
})

test('a request without a Host, and bytes that are not HTTP, are 400', async () => {
  validateProblem(await answerTo('GET /health HTTP/1.1\r\nConnection: close\r\n\r\n'), 400)
  for (const bytes of ['\x16\x03\x01\x02\r\n\r\n', 'hello\r\n\r\n', 'GET /health HTTP/9.9\r\nHost: api\r\n\r\n']) {
    validateProblem(await answerTo(bytes), 400)
  }
})
