import { createRequire } from 'node:module'
import { note } from './note.ts'
import type { Server } from './servers.ts'

// autocannon has no types of its own; what is used of it stands here.
type Options = {
  url: string
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body?: string
  connections: number
  amount?: number
  overallRate?: number
  duration?: number
  sampleInt: number
}
type Result = { requests: { total: number }; duration: number; errors: number; non2xx: number }
const autocannon = createRequire(import.meta.url)('autocannon') as (options: Options) => Promise<Result>

export type Method = Options['method']

function options({ url, token, notePath }: Server, method: Method) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  return method === 'GET'
    ? { url: url + notePath, method, headers, sampleInt: 100 }
    : { url: `${url}/data/notes`, method, headers, body: JSON.stringify(note), sampleInt: 100 }
}

function checked(result: Result) {
  if (result.errors + result.non2xx > 0) {
    throw new Error(`${result.errors} requests failed and ${result.non2xx} were answered otherwise than with 2xx`)
  }
  return result
}

/**
 * Exactly rate x seconds requests. Each connection sends its share of a second at the second's start, one after the
 * other: good for counting what requests cost, not for asking how long they take.
 */
export async function fixedRate(server: Server, method: Method, load: { rate: number; seconds: number }) {
  const amount = load.rate * load.seconds
  checked(await autocannon({ ...options(server, method), connections: 30, overallRate: load.rate, amount }))
  return amount
}

/** As many as go through when each of the clients waits for its answer before it asks again: requests/s. */
export async function closedLoop(server: Server, method: Method, load: { clients: number; seconds: number }) {
  const { requests, duration } = checked(
    await autocannon({ ...options(server, method), connections: load.clients, duration: load.seconds }),
  )
  return requests.total / duration
}
