import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Meter } from '@opentelemetry/api'
import type { Logger } from 'pino'
import { ConfigError } from './config.ts'
import { boundConnections, type CutReason } from './connections.ts'
import { bodyLimit } from './middleware/read-json.ts'

const backlog = 2048 // so many may wait at the door: whom the system finds no room for there tries again after a second
const graceMs = 1000 // open connections learn in this time that they are to be closed
const drainMs = 3500 // running requests get this long after it; together they stay under 5 s

/** The HTTP server with every timeout set. It answers what never becomes a request with problem+json too. */
export function createApiServer(handler: RequestListener, log: Logger, meter: Meter, cameIn = () => {}): Server {
  const server = createServer({
    headersTimeout: 5_000, // a client that sends its headers byte by byte
    requestTimeout: 10_000, // or its body
    keepAliveTimeout: 20_000,
    connectionsCheckingInterval: 1_000,
    requireHostHeader: false, // the errors middleware refuses its absence with a body
  })
  server.timeout = 20_000 // one that neither sends nor takes what it asked for
  server.on('connection', cameIn)
  const { cut, latest } = boundConnections(server, handler, log, meter)
  // A body that is too large is refused before the client has been told to go on and send it.
  server.on('checkContinue', (req, res) => {
    if (Number(req.headers['content-length'] ?? 0) <= bodyLimit) res.writeContinue()
    server.emit('request', req, res)
  })
  server.on('checkExpectation', (req, res) => server.emit('request', req, res))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const res = latest.get(socket)
    if (!socket.writable || error.code === 'ECONNRESET') return socket.destroy()
    const unanswered = !res || (res.writableFinished && res.req.complete)
    if (!unanswered && error.code === 'HPE_INVALID_EOF_STATE') return socket.destroy() // the client hung up
    const { reason, status } = faultOf(error)
    cut(reason)
    if (unanswered) refuse(status, socket, log)
    else breakOff(error, res)
  })
  // A connection that is merely unused for so long ends here too.
  server.on('timeout', (socket) => {
    if (latest.get(socket)?.writableFinished === false) cut('slow')
    socket.destroy()
  })
  server.on('connect', (_, socket) => {
    cut('malformed')
    refuse(400, socket, log) // this is no proxy
  })
  return server
}

/** What an error of Node's parser is for us: the reason in the metrics, and the status. */
function faultOf({ code }: NodeJS.ErrnoException): { reason: CutReason; status: number } {
  if (code === 'HPE_HEADER_OVERFLOW') return { reason: 'headers_too_large', status: 431 }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { reason: 'slow', status: 408 }
  return { reason: 'malformed', status: 400 }
}

// The last request on this connection is being answered, or its body was not wanted: it gets no second answer.
function breakOff(error: NodeJS.ErrnoException, res: ServerResponse) {
  res.shouldKeepAlive = false
  // Whoever wants the body may not have asked for it yet: it can break in the packet that brought the headers.
  setImmediate(() => {
    if (!res.req.complete && res.req.listenerCount('error') > 0) res.req.emit('error', error)
    if (res.writableFinished) res.req.socket.end()
  })
}

function refuse(status: number, socket: Duplex, log: Logger) {
  const request_id = randomUUID()
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, request_id })
  log.info({ request_id, route: 'unmatched', status }, 'request')
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nX-Request-Id: ${request_id}\r\n\r\n${body}`,
  )
}

/** Resolves to the port when the server listens. Throws an error whose message says what to do. */
export async function listen(server: Server, host: string, port: number, variable: string): Promise<number> {
  try {
    server.listen({ port, host, backlog })
    await once(server, 'listening')
    return (server.address() as { port: number }).port
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      throw new ConfigError([
        `${variable} ${port} is taken on ${host}: stop the other program, or set ${variable} to a free port`,
      ])
    }
    if (code === 'EACCES')
      throw new ConfigError([`${variable} ${port} needs rights this user has not: set ${variable} above 1023`])
    throw new ConfigError([`HOST ${host} cannot be listened on (${code}): set HOST to an address of this machine`])
  }
}

/**
 * Ends the server within 4.5 s. It goes on answering for a moment, every answer with Connection: close (the signals
 * middleware sees to that), so that no client loses a request on a connection it holds open; then running requests finish.
 */
export async function drain(server: Server) {
  if (!server.listening) return
  const connections = await new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count ?? 0)))
  if (connections > 0) await sleep(graceMs)
  const closed = once(server, 'close')
  server.close()
  await Promise.race([closed, sleep(drainMs)])
  server.closeAllConnections()
  await sleep(50) // what was cut off writes its log line now
}
