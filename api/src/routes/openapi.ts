import { STATUS_CODES } from 'node:http'
import type { Context, Middleware } from 'koa'
import { z } from 'zod'
import { problemTypes } from '../middleware/errors.ts'

/** One route: what the app does with its requests, and what /openapi.json says about them. */
export type Route = {
  method: 'get' | 'post' | 'put' | 'delete'
  path: string
  summary: string
  /** Requires a bearer token. */
  secured?: true
  /** Middleware that runs before the body is read. */
  before?: Middleware[]
  query?: z.ZodObject
  /** The JSON body; the handler finds it in ctx.request.body and checks it. */
  body?: z.ZodType
  /** In bytes, if it is not the default. */
  bodyLimit?: number
  success: { status: number; schema?: z.ZodType; headers?: Record<string, string> }
  /** Statuses of errors that do not follow from the members above. */
  errors?: readonly number[]
  handle(ctx: Context): Promise<void>
}

/** Every status with which a route answers, those of the token check and the body reader included. */
export function statusesOf({ secured, query, body, success, errors = [] }: Route): number[] {
  const statuses = [success.status, ...errors]
  if (secured) statuses.push(401, 503)
  if (body) statuses.push(400, 408, 413, 415, 422, 503)
  if (query) statuses.push(422)
  return [...new Set(statuses)]
}

const Problem = z
  .object({
    type: z.enum(['about:blank', ...Object.values(problemTypes)]),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    errors: z.array(z.object({ name: z.string(), detail: z.string() })).optional(),
    request_id: z.string(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457. `errors` lists the members that a 422 is about.' })

const description = `Notes behind a login. HEAD is answered wherever GET is. Any other path is answered 404, any other
method 405 with Allow. A request that is not HTTP is answered 400, one that arrives too slowly 408, one with more than
16 KiB of headers 431. X-Request-Id is the one that was sent, if it was well-formed. The type of a 503 says what to do:
database-unavailable: try again later; database-read-only: reads still work; overloaded: send less, or try again.`

const everywhere = { 'X-Request-Id': 'The id of the request in the log', 'X-Content-Type-Options': 'nosniff' }
const retryAfter = { 'Retry-After': 'Seconds until another attempt makes sense, plus 0 to 2 at random' }
const headersOf: Record<number, Record<string, string>> = {
  401: { 'WWW-Authenticate': 'Bearer' },
  429: retryAfter,
  503: retryAfter,
}

/** GET /openapi.json, which describes the other routes and itself. */
export function openapiRoute(others: Route[], version: string): Route {
  const route: Route = {
    method: 'get',
    path: '/openapi.json',
    summary: 'This description',
    success: { status: 200, schema: z.looseObject({ openapi: z.literal('3.1.0') }) },
    async handle(ctx) {
      ctx.type = 'application/json'
      ctx.body = document
    },
  }
  const document = JSON.stringify(describe([...others, route], version), null, 2)
  return route
}

function describe(routes: Route[], version: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: describeRoute(route) }
  }
  const named = z.toJSONSchema(z.globalRegistry, { io: 'input', uri: (id) => `#/components/schemas/${id}` }).schemas
  // Inside the document a schema is known by its place, and its dialect is the document's.
  const schemas = Object.fromEntries(Object.entries(named).map(([id, { $id, $schema, ...schema }]) => [id, schema]))
  return {
    openapi: '3.1.0',
    info: { title: 'Notes', version, description },
    servers: [{ url: '/' }], // where this document came from
    paths,
    components: { schemas, securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  }
}

const text = { type: 'string' }

function describeRoute(route: Route) {
  const { method, path, summary, secured, query, body, success } = route
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ in: 'path', name, required: true, schema: text }))
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, one]) => ({
    in: 'query',
    name,
    schema: schemaOf(one),
  }))
  // 400, 408 and 431 are also answers to what never becomes a request.
  const errors = new Set([400, 408, 431, ...statusesOf(route)].filter((status) => status !== success.status))
  return {
    operationId: method + path.replaceAll(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase()),
    summary,
    security: secured ? [{ bearer: [] }] : [],
    parameters: [...inPath, ...inQuery],
    requestBody: body && { required: true, content: { 'application/json': { schema: schemaOf(body) } } },
    responses: Object.fromEntries([
      [success.status, answer(success.status, 'application/json', success.schema, success.headers)],
      ...[...errors].map((status) => [status, answer(status, 'application/problem+json', Problem, headersOf[status])]),
    ]),
  }
}

function answer(status: number, type: string, schema?: z.ZodType, headers: Record<string, string> = {}) {
  const described = Object.entries({ ...everywhere, ...headers }).map(([name, description]) => {
    return [name, { description, required: true, schema: text }]
  })
  return {
    description: STATUS_CODES[status],
    headers: Object.fromEntries(described),
    content: schema && { [type]: { schema: schemaOf(schema) } },
  }
}

function schemaOf(schema: z.ZodType) {
  const id = schema.meta()?.id
  if (id) return { $ref: `#/components/schemas/${id}` }
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}
