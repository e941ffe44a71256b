import { connect, type Socket } from 'node:net'
import { type Attempt, attemptAtRate, type Scene, type Stage } from './attack.ts'

const trickleMs = 200

/** Strangers who are too slow or send too much, and a user who sends JSON that is too deep or too wide. Each connection is an attempt. */
export async function flood({ target, token }: Scene) {
  const { hostname, port } = new URL(target.url)
  const post = (path: string, headers: string) =>
    `POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n${headers}\r\n\r\n`
  const login = (headers: string) => post('/auth/login', headers)
  const note = (body: string) =>
    post('/data/notes', `Authorization: Bearer ${token}\r\nContent-Length: ${body.length}`) + body
  const megabyte = 'a'.repeat(1 << 20)
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 15_000 }, (_, i) => [`key${i}`, i])))
  const bytes: Record<string, { first: string; trickle?: string }> = {
    'a connection that says nothing': { first: '' },
    'headers one by one': { first: 'GET /health HTTP/1.1\r\n', trickle: 'X-Slow: 1\r\n' },
    'a body byte by byte': { first: login('Content-Length: 10000'), trickle: ' ' },
    'headers of a megabyte': { first: `GET /health HTTP/1.1\r\nHost: a\r\nX-Large: ${megabyte}\r\n\r\n` },
    'a body of 100 MB': {
      first: `${login('Content-Length: 100000000')}${megabyte}`,
      trickle: megabyte.slice(0, 1 << 16),
    },
    'a body without an end': { first: `${login('Transfer-Encoding: chunked')}100000\r\n${megabyte}\r\n`, trickle: '1' },
    'JSON 100,000 deep': { first: note(deep) },
    'JSON 15,000 wide': { first: note(wide) },
  }
  const kinds = Object.entries(bytes)
  let count = 0

  return (stage: Stage) =>
    attemptAtRate(stage, (): Attempt => {
      const [what, { first, trickle }] = kinds[count++ % kinds.length] as (typeof kinds)[number]
      const send = (giveUp: AbortSignal) => {
        const socket = connect(Number(port), hostname)
        socket.write(first)
        return outcome(socket, AbortSignal.any([giveUp, stage.signal]), trickle)
      }
      return { what, send }
    })
}

/** The status of the first answer, 0 without one, when the API ends the connection or the signal is aborted. */
function outcome(socket: Socket, signal: AbortSignal, trickle?: string): Promise<{ status: number }> {
  return new Promise((resolve) => {
    let status = 0
    // One write at a time: what the API does not take must not pile up here.
    const timer = setInterval(() => trickle && socket.writableLength === 0 && socket.write(trickle), trickleMs)
    const end = () => socket.destroy()
    signal.addEventListener('abort', end, { once: true })
    socket.on('data', (chunk) => {
      status ||= Number(/^HTTP\/1\.1 (\d{3})/.exec(chunk.toString('latin1'))?.[1] ?? 0)
      // An answer that leaves the connection open: what it cost has been paid.
      if (trickle === undefined) socket.end()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearInterval(timer)
      signal.removeEventListener('abort', end)
      resolve({ status })
    })
  })
}
