import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

export type Schema = Record<string, unknown>
type Response = { description: string; headers?: Record<string, unknown>; content?: Record<string, { schema: Schema }> }
export type Operation = {
  method: string
  path: string
  operationId: string
  parameters: { name: string; in: string; required?: boolean; schema: Schema }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, Response>
}
export type Answer = { status: number; headers: Map<string, string>; body: string }
export type Contract = ReturnType<typeof readContract>

/** What a request that no operation describes may be answered: the description of /openapi.json says so in words. */
export const always = [400, 404, 405, 408, 431]
const framing = ['Content-Type', 'Content-Length', 'Date', 'Connection', 'Keep-Alive', 'Transfer-Encoding']

/** Whether a path is one of the operation's. */
export const fits = ({ path }: Operation, given: string) =>
  new RegExp(`^${path.replaceAll(/{\w+}/g, '[^/]+').replaceAll('.', '\\.')}$`).test(given)

/** What /openapi.json promises, and the means to hold an answer against it: each throws an AssertionError. */
export function readContract(text: string) {
  const ajv = new Ajv2020({ allErrors: true })
  addFormats.default(ajv)
  // A copy to validate answers with: references are the names of the schemas, and no object may have unnamed members.
  const { paths, components } = JSON.parse(text, (key, value) => {
    if (key === '$id') return undefined
    if (key === '$ref') return value.replace('#/components/schemas/', '')
    return value?.properties && !('additionalProperties' in value) ? { ...value, additionalProperties: false } : value
  })
  for (const [name, schema] of Object.entries<Schema>(components.schemas)) ajv.addSchema(schema, name)
  const operations = Object.entries<Record<string, Operation>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  )

  /** A short body that the operation accepts, undefined for one without a body. */
  function bodyOf({ requestBody }: Operation): Record<string, unknown> | undefined {
    const name = String(requestBody?.content['application/json']?.schema.$ref)
    const { required = [], properties } = components.schemas[name] ?? {}
    const sample = ({ type, minimum = 1 }: Schema) => (type === 'string' ? 'a' : type === 'boolean' ? true : minimum)
    return requestBody && Object.fromEntries(required.map((member: string) => [member, sample(properties[member])]))
  }

  const validators = new Map<Schema, ReturnType<typeof ajv.compile>>()

  function assertFits(schema: Schema, value: unknown) {
    const valid = validators.get(schema) ?? ajv.compile(schema)
    validators.set(schema, valid)
    assert.ok(valid(value), ajv.errorsText(valid.errors))
  }

  /** The answer is one of those the operation documents, to the last header and member. */
  function assertDocumented(answer: Answer, operation: Operation) {
    const name = `${operation.method} ${operation.path} ${answer.status}`
    const { headers = {}, content } = operation.responses[answer.status] ?? assert.fail(`${name} is documented`)
    assertHeaders(answer, headers, name)
    if (!content) return assert.deepEqual([answer.body, answer.headers.get('Content-Type')], ['', undefined], name)
    const type = String(answer.headers.get('Content-Type')?.split(';')[0])
    const described = content[type] ?? assert.fail(`${name}: the content type ${type} is documented`)
    assertFits(described.schema, JSON.parse(answer.body))
    if (answer.status >= 400) assertProblem(answer, answer.status, headers)
  }

  /** As the operation's own answer, or as that of no operation, without its body. */
  function assertHead(answer: Answer, operation?: Operation) {
    const name = `HEAD ${answer.status}`
    assert.equal(answer.body, '', `${name} has no body`)
    if (!operation) return assertHeaders(answer, promised(answer.status), name)
    const { headers = {} } = operation.responses[answer.status] ?? assert.fail(`${name} is documented`)
    assertHeaders(answer, headers, name)
  }

  function assertHeaders(answer: Answer, documented: Record<string, unknown>, name: string) {
    assert.equal(answer.headers.get('X-Content-Type-Options'), 'nosniff', name)
    for (const header of Object.keys(documented)) {
      assert.ok(answer.headers.get(header), `${name} has the header ${header}`)
    }
    for (const header of answer.headers.keys()) {
      assert.ok(header in documented || framing.includes(header), `${name}: the header ${header} is documented`)
    }
  }

  // The headers that the description promises in words, of answers that belong to no operation.
  function promised(status: number): Record<string, unknown> {
    assert.ok(always.includes(status), `${status} is an answer of the description`)
    const everywhere = { 'X-Request-Id': '', 'X-Content-Type-Options': '' }
    return status === 405 ? { ...everywhere, Allow: '' } : everywhere
  }

  const problemSchema = { $ref: 'Problem' }
  function assertProblem(answer: Answer, status: number, headers = promised(status)) {
    assertHeaders(answer, headers, String(status))
    const problem = JSON.parse(answer.body)
    assert.equal(answer.headers.get('Content-Type'), 'application/problem+json')
    assert.deepEqual([answer.status, problem.status], [status, status])
    assert.equal(problem.request_id, answer.headers.get('X-Request-Id'))
    assert.equal(problem.type === 'about:blank', status !== 503, `${status} has the type ${problem.type}`)
    assertFits(problemSchema, problem)
  }

  return { ajv, operations, bodyOf, assertDocumented, assertHead, assertProblem }
}
