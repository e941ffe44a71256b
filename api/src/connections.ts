import type { RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Meter } from '@opentelemetry/api'
import type { Logger } from 'pino'

// Each may hold 16 KiB of headers or a body that never ends, and the process has 208 MB in the stack.
const most = 1500
// Those who were never answered make room first, but for so many: or whoever holds all the others would keep everybody new out.
const roomForNewcomers = 500

// Of the requests that a client sends without waiting for answers: 64 KiB hold 1,500.
const mostUnanswered = 8
// Bytes of answers that the system does not take, because their clients read nothing and its buffers are full.
const mostUntaken = 8 << 20

const reasons = ['crowded', 'pipelined', 'slow', 'malformed', 'headers_too_large'] as const
export type CutReason = (typeof reasons)[number]

/**
 * Hands requests to the handler, those of a connection one after the other. Counts the open connections and those that
 * the API had to cut, and keeps them bounded: whoever comes is let in, and whoever was of no use for the longest time
 * makes room, but for those whose answer is under way. Refusing the newest instead would let a crowd that sits there and
 * says nothing lock everybody out. `cut` counts a connection that is ended for what its client did; `latest` knows the
 * newest answer of each.
 */
export function boundConnections(server: Server, handler: RequestListener, log: Logger, meter: Meter) {
  const cuts = meter.createCounter('http.server.cut_connections', { description: 'Connections that the API ended' })
  for (const reason of reasons) cuts.add(0, { reason })
  meter
    .createObservableGauge('http.server.open_connections', { description: 'Connections that are open' })
    .addCallback((gauge) => gauge.observe(newcomers.size + regulars.size))

  // Both in the order of their last use, the oldest first: a Set keeps the order in which its members were added.
  const newcomers = new Set<Socket>()
  const regulars = new Set<Socket>() // who has taken an answer
  const latest = new WeakMap<Duplex, ServerResponse>()
  const unanswered = new WeakMap<Socket, number>()
  let untaken = 0
  let warned = Number.NEGATIVE_INFINITY

  server.on('connection', (socket) => {
    newcomers.add(socket)
    socket.once('close', () => newcomers.delete(socket) || regulars.delete(socket))
    if (newcomers.size + regulars.size > most) makeRoom()
  })
  server.on('request', (req, res) => {
    const { socket } = req
    if (socket.destroyed) return // the rest of a packet, behind what it was cut for
    const before = latest.get(socket)
    latest.set(socket, res)
    const count = (unanswered.get(socket) ?? 0) + 1
    if (count > mostUnanswered) {
      cut('pipelined')
      // Node would still make objects of all requests in the packet, some MB; that answer ends its parser's work on it.
      Object(socket).parser.onIncoming = () => 2
      return socket.destroy()
    }
    unanswered.set(socket, count)
    use(socket, regulars.has(socket) ? regulars : newcomers)
    const taken = () => {
      unanswered.set(socket, Number(unanswered.get(socket)) - 1)
      use(socket, regulars)
    }
    res.once('prefinish', () => {
      if (socket.writableLength === 0) return taken()
      res.once('finish', taken)
      holdBack(socket, res)
    })
    // An answer is not made before the one in front of it was taken: nobody may order a heap of them and take none.
    if (before?.writableFinished === false) before.once('finish', start)
    else start()

    // What was cut gives its memory back in a later turn of the event loop; until then nothing new is begun.
    function start() {
      if (untaken > mostUntaken) setTimeout(start, 5)
      else handler(req, res)
    }
  })

  function use(socket: Socket, as: Set<Socket>) {
    if (socket.destroyed) return
    newcomers.delete(socket)
    regulars.delete(socket)
    as.add(socket)
  }

  function holdBack(socket: Socket, res: ServerResponse) {
    const bytes = socket.writableLength
    untaken += bytes
    res.once('close', () => {
      untaken -= bytes
    })
    if (untaken <= mostUntaken) return
    cut('slow')
    socket.destroy()
  }

  function makeRoom() {
    const candidates = newcomers.size > roomForNewcomers ? newcomers : regulars
    const [oldest] = candidates
    const unused = candidates.values().find((socket) => !isOwed(socket)) ?? oldest
    if (!unused) return
    if (unused.writable) cut('crowded') // else it was refused and counted already, and its client lingers
    newcomers.delete(unused)
    regulars.delete(unused)
    unused.destroy()
    if (performance.now() - warned < 10_000) return
    warned = performance.now()
    log.warn({ connections: most }, 'too many connections, those unused the longest are closed')
  }

  // Its request has come whole, so the delay is ours: a write may have to wait for a crowd to come in.
  function isOwed(socket: Socket) {
    const res = latest.get(socket)
    return res?.req.complete && !res.writableFinished
  }

  function cut(reason: CutReason) {
    cuts.add(1, { reason })
  }

  return { cut, latest }
}
