import type { IncomingMessage, ServerResponse } from 'node:http'

// The names of this machine, and the one under which Prometheus knows the lab.
const ownNames = /^(localhost|127\.0\.0\.1|\[::1\]|lab)(:\d+)?$/i

/**
 * Refuses what comes from a web page that somebody happens to visit: it sends its own origin, or a name of its own that
 * it has pointed to this machine (DNS rebinding). True when the request was answered so.
 */
export function rejectForeignOrigin({ headers: { host, origin } }: IncomingMessage, res: ServerResponse): boolean {
  // Only a health check speaks HTTP/1.0 and names nobody.
  const known = host === undefined || ownNames.test(host)
  if (known && (origin === undefined || origin === `http://${host}`)) return false
  res.writeHead(403, { 'Content-Type': 'text/plain' }).end('Ask for localhost or 127.0.0.1, and from no other page.\n')
  return true
}
