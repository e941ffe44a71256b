import type { Context } from 'koa'
import { z } from 'zod'

/** What /openapi.json says of one route; it stands beside the handler and names the schemas that the handler uses. */
export type Operation = {
  method: 'get' | 'post' | 'put' | 'delete'
  path: string
  summary: string
  /** Whether a bearer token is required. */
  secured?: true
  query?: z.ZodObject
  body?: z.ZodType
  success: { status: number; schema?: z.ZodType; headers?: Record<string, string> }
  refusals: number[]
}

/** Text of min to max characters, counted as JSON Schema counts them: by code point, where JavaScript counts pairs. */
export function text(min: number, max: number) {
  return z
    .string()
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode, without a lone surrogate')
    .refine(
      (value) => value.length >= min && (value.length <= max || (value.length <= 2 * max && [...value].length <= max)),
      `must have ${min} to ${max} characters`,
    )
    .meta({ minLength: min, maxLength: max })
}

/** The value as its schema describes it. Throws 422 with every fault and the name of the member it is in. */
export function check<T>(ctx: Context, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const errors = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => ({ name, detail: 'is not a member that is known here' }))
      : [{ name: issue.path.join('.'), detail: issue.message }],
  )
  return ctx.throw(422, 'The request is not as /openapi.json describes it; `errors` says where.', { errors })
}
