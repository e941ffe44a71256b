import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Meter } from '@opentelemetry/api'
import type { Logger } from 'pino'

// Each may hold 16 KiB of headers or a body that never ends, and the process has 208 MB in the stack.
const most = 1500
// Those who were never answered make room first, but for so many: or whoever holds all the others would keep everybody new out.
const roomForNewcomers = 500

const reasons = ['crowded', 'slow', 'malformed', 'headers_too_large'] as const
export type CutReason = (typeof reasons)[number]

/**
 * Counts the open connections and those that the API had to cut, and keeps them bounded: whoever comes is let in, and
 * whoever was of no use for the longest time makes room, but for those whose answer is under way. Refusing the newest
 * instead would let a crowd that sits there and says nothing lock everybody out. `cut` counts a connection that is ended
 * for what its client did; `latest` knows the newest answer of each.
 */
export function boundConnections(server: Server, log: Logger, meter: Meter) {
  const cuts = meter.createCounter('http.server.cut_connections', { description: 'Connections that the API ended' })
  for (const reason of reasons) cuts.add(0, { reason })
  meter
    .createObservableGauge('http.server.open_connections', { description: 'Connections that are open' })
    .addCallback((gauge) => gauge.observe(newcomers.size + regulars.size))

  // Both in the order of their last use, the oldest first: a Set keeps the order in which its members were added.
  const newcomers = new Set<Socket>()
  const regulars = new Set<Socket>() // who has taken an answer
  const latest = new WeakMap<Duplex, ServerResponse>()
  let warned = Number.NEGATIVE_INFINITY

  server.on('connection', (socket) => {
    newcomers.add(socket)
    socket.once('close', () => newcomers.delete(socket) || regulars.delete(socket))
    if (newcomers.size + regulars.size > most) makeRoom()
  })
  server.on('request', ({ socket }, res) => {
    latest.set(socket, res)
    use(socket, regulars.has(socket) ? regulars : newcomers)
    res.once('finish', () => use(socket, regulars))
  })

  function use(socket: Socket, as: Set<Socket>) {
    if (socket.destroyed) return
    newcomers.delete(socket)
    regulars.delete(socket)
    as.add(socket)
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
