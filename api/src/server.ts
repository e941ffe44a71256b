import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { metrics } from '@opentelemetry/api'
import type { Logger } from 'pino'
import { ConfigError } from './config.ts'

// docs/security.md says what these limits are worth; a test compares the numbers.
const limits = {
  headersTimeout: 5_000, // for the headers of a request
  requestTimeout: 10_000, // for headers and body together
  keepAliveTimeout: 20_000, // between two requests
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16 * 1024,
}
const inactivityTimeout = 20_000 // such as a client that takes no answer
const maxConnections = 3_000 // beyond it, new connections are closed at once; each may hold 16 KiB of headers
const backlog = 2048 // connections that wait for the event loop to accept them
const graceMs = 1000 // clients with an open connection learn in this time that it will be closed
const drainMs = 3500 // running requests get this long after it; together they stay under 5 s

const cutReasons = ['crowded', 'slow', 'malformed', 'headers_too_large']

/** The HTTP server with Node's own limits set. It answers what never becomes a request with problem+json too. */
export function createApiServer(handler: RequestListener, log: Logger): Server {
  const server = createServer({ ...limits, requireHostHeader: false }) // the errors middleware requires Host, with a body
  server.timeout = inactivityTimeout
  server.maxConnections = maxConnections

  const meter = metrics.getMeter('api')
  meter
    .createObservableGauge('http.server.open_connections', { description: 'Open connections' })
    .addCallback(async (gauge) => gauge.observe(await connectionsOf(server)))
  const cuts = meter.createCounter('http.server.cut_connections', { description: 'Connections that the API closed' })
  for (const reason of cutReasons) cuts.add(0, { reason })
  server.on('drop', () => cuts.add(1, { reason: 'crowded' }))

  const latest = new WeakMap<Duplex, ServerResponse>() // the newest answer of each connection
  server.on('request', (req, res) => {
    latest.set(req.socket, res)
    handler(req, res)
  })
  server.on('checkExpectation', (req, res) => server.emit('request', req, res))

  // Bytes that are not HTTP or too many, or that did not come in time: before a request, or in its body.
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const { code = '' } = error
    const res = latest.get(socket)
    const isInBody = res !== undefined && !(res.writableFinished && res.req.complete)
    const hasHungUp = !socket.writable || code === 'ECONNRESET' || (isInBody && code === 'HPE_INVALID_EOF_STATE')
    if (hasHungUp) return socket.destroy()
    const [status, reason] = parserErrors[code] ?? [400, 'malformed']
    cuts.add(1, { reason })
    if (isInBody) failBody(res, error)
    else refuse(status, socket, log)
  })
  return server
}

const connectionsOf = (server: Server) => promisify(server.getConnections.bind(server))()

const parserErrors: Record<string, [status: number, reason: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'headers_too_large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'slow'],
}

/**
 * Makes the middleware that reads the body answer, and ends the connection. In a later turn: the body can break in the packet
 * that brought the headers.
 */
function failBody(res: ServerResponse, error: Error) {
  const { req } = res
  if (!res.headersSent) res.setHeader('Connection', 'close')
  setImmediate(() => {
    if (!req.complete) req.once('error', () => {}).emit('error', error) // a route may not read it
    if (res.writableFinished) req.socket.end() // it was answered before its body had come
  })
}

/** Answers bytes that never became a request. */
function refuse(status: number, socket: Duplex, log: Logger) {
  const request_id = randomUUID()
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, request_id })
  log.info({ request_id, route: 'unmatched', status }, 'request')
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nX-Request-Id: ${request_id}\r\n` +
      'Content-Type: application/problem+json\r\nX-Content-Type-Options: nosniff\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

/** Resolves to the port when the server listens. Throws ConfigError. */
export async function listen(server: Server, host: string, port: number, variable: string): Promise<number> {
  try {
    server.listen({ port, host, backlog })
    await once(server, 'listening')
    return (server.address() as { port: number }).port
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const advice =
      code === 'EADDRINUSE'
        ? `the port is in use: stop the other program, or set ${variable} to a free port`
        : `${code}: set HOST to an address of this machine and ${variable} to a port above 1023`
    throw new ConfigError([`${variable} ${port} on HOST ${host}: ${advice}`])
  }
}

/**
 * Stops the server within 4.5 s. For a moment it goes on answering, each answer with Connection: close (set by the signals
 * middleware), so that no client loses a request on a connection it keeps open. Then running requests finish.
 */
export async function drain(server: Server) {
  if (!server.listening) return
  if ((await connectionsOf(server)) > 0) await sleep(graceMs)
  const closed = once(server, 'close')
  server.close()
  await Promise.race([closed, sleep(drainMs)])
  server.closeAllConnections()
  await sleep(50) // requests that were cut off write their log lines now
}
