// A small API that trusts its clients, for tests: it accepts a token without a signature, an expired or revoked one, any
// number of guesses and any size, and its answers tell another user's note from none. Every attack must make it FAIL.
import { createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const users = new Map(
  String(process.env.LAB_USERS)
    .split(',')
    .map((entry) => entry.split(':') as [string, string]),
)
const notes = new Map<string, { id: string; title: string; owner: string }>()
const sign = (signed: string) => createHmac('sha256', String(process.env.JWT_SECRET)).update(signed).digest('base64url')
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

function tokenFor(sub: string): string {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ sub, exp: Date.now() })}`
  return `${signed}.${sign(signed)}`
}

function userOf({ headers: { authorization = '' } }: IncomingMessage): string | undefined {
  const [head = '', payload = '', signature] = authorization.replace('Bearer ', '').split('.')
  try {
    const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString())
    const isTrusted = alg === 'none' || signature === sign(`${head}.${payload}`)
    return isTrusted ? JSON.parse(Buffer.from(payload, 'base64url').toString()).sub : undefined
  } catch {
    return undefined
  }
}

function answer(response: ServerResponse, status: number, body: object = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}

const api = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? '', 'http://api')
  const body = request.method === 'POST' ? JSON.parse((await text(request).catch(() => '')) || '{}') : {}
  if (pathname === '/health') return answer(response, 200, { degraded: false, database: { reason: null } })
  if (pathname === '/auth/login') {
    const isRight = users.get(body.username) === body.password
    return answer(response, isRight ? 200 : 401, isRight ? { token: tokenFor(body.username) } : {})
  }
  const user = userOf(request)
  if (user === undefined) return answer(response, 401)
  if (pathname === '/auth/logout') return response.writeHead(204).end()
  if (request.method === 'POST') {
    const note = { id: randomUUID(), title: body.title, owner: user }
    notes.set(note.id, note)
    return answer(response, 201, note)
  }
  if (pathname === '/data/notes') return answer(response, 200, { items: [] })
  const note = notes.get(pathname.split('/').at(-1) ?? '')
  if (note === undefined) return answer(response, 404)
  answer(response, note.owner === user ? 200 : 403, note.owner === user ? note : {})
})
const metrics = createServer((_, response) => {
  api.getConnections((_, open) => {
    const costs = `http_server_open_connections ${open}\nprocess_resident_memory_bytes ${process.memoryUsage().rss}\n`
    response.end(`db_errors_total 0\ndb_available 1\n${costs}`)
  })
})

export function start(): void {
  api.listen(0, '127.0.0.1', () => {
    metrics.listen(0, '127.0.0.1', () => {
      const [port, metrics_port] = [api, metrics].map((server) => (server.address() as AddressInfo).port)
      console.log(JSON.stringify({ msg: 'listening', port, metrics_port }))
    })
  })
}

if (import.meta.main) start()
