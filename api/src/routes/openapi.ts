import { STATUS_CODES } from 'node:http'
import type Router from '@koa/router'
import { z } from 'zod'
import type { Operation } from './operation.ts'

const Problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    request_id: z.string(),
    errors: z.array(z.object({ name: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457; `errors` names the members that a 422 is about' })

const description = `Notes behind a login. HEAD is answered wherever GET is. Under any other path the answer is 404, for
any other method 405 with Allow. A request that is not HTTP at all is answered 400, one that is too slow to arrive 408,
one with more than 16 KiB of headers 431. Every answer carries X-Request-Id: the one that was sent, if it was well-formed.`

const headers: Record<number, Record<string, string>> = {
  401: { 'WWW-Authenticate': 'Bearer' },
  429: { 'Retry-After': 'Seconds until another attempt makes sense' },
  503: { 'Retry-After': 'Seconds until another attempt makes sense' },
}

export const openapiOperations: Operation[] = [
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This description',
    success: { status: 200, schema: z.looseObject({ openapi: z.literal('3.1.0') }) },
    refusals: [],
  },
]

export function openapiRoutes(router: Router, { operations, version }: { operations: Operation[]; version: string }) {
  const text = JSON.stringify(describe(operations, version), null, 2)
  router.get('/openapi.json', async function openapi(ctx) {
    ctx.type = 'application/json'
    ctx.body = text
  })
}

function describe(operations: Operation[], version: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    const path = operation.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [operation.method]: describeOperation(operation) }
  }
  const named = z.toJSONSchema(z.globalRegistry, { io: 'input', uri: (id) => `#/components/schemas/${id}` }).schemas
  // Inside the document a schema is known by its place, and its dialect is the document's.
  const schemas = Object.fromEntries(Object.entries(named).map(([id, { $id, $schema, ...schema }]) => [id, schema]))
  return {
    openapi: '3.1.0',
    info: { title: 'Notes', version, description },
    paths,
    components: { schemas, securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
  }
}

function describeOperation({ method, path, summary, secured, query, body, success, refusals }: Operation) {
  const name = path.replaceAll(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase())
  return {
    operationId: method + name,
    summary,
    security: secured ? [{ bearer: [] }] : [],
    parameters: [
      ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...Object.entries(query?.shape ?? {}).map(([name, schema]) => ({ name, in: 'query', schema: schemaOf(schema) })),
    ],
    requestBody: body && { required: true, content: { 'application/json': { schema: schemaOf(body) } } },
    responses: Object.fromEntries([
      [success.status, answer(success.status, 'application/json', success.schema, success.headers)],
      ...[400, 408, 431, ...refusals].map((status) => [status, answer(status, 'application/problem+json', Problem)]),
    ]),
  }
}

function answer(
  status: number,
  type: string,
  schema?: z.ZodType,
  extra: Record<string, string> = headers[status] ?? {},
) {
  const named = { 'X-Request-Id': 'The id under which the log knows this request', ...extra }
  return {
    description: STATUS_CODES[status],
    headers: Object.fromEntries(
      Object.entries(named).map(([name, description]) => [
        name,
        { description, required: true, schema: { type: 'string' } },
      ]),
    ),
    content: schema && { [type]: { schema: schemaOf(schema) } },
  }
}

function schemaOf(schema: z.ZodType) {
  const id = schema.meta()?.id
  if (id) return { $ref: `#/components/schemas/${id}` }
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}
