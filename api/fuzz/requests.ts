import fc from 'fast-check'
import { forgeries } from '../../lab/src/attacks/forgeries.ts'
import type { Operation } from './contract.ts'

/** Bytes for one connection, and what is known of each request in them: enough to say what it may be answered. */
export type Sequence = { requests: Request[]; rest: string }
/** `sound`: its framing is right, so it is answered for itself and what follows is a request of its own. */
export type Request = { method: string; target: string; headers: [string, string][]; body: string; sound: boolean }

/** What the requests are made of: a valid token, the user's password, notes that exist, the operations of /openapi.json. */
export type World = { token: string; password: string; notes: string[]; operations: Operation[] }

// Bytes are written as latin1, one character for each; `utf8` returns the characters of a text's bytes.
const utf8 = (text: string) => Buffer.from(text).toString('latin1')

const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map(utf8),
  fc.constantFrom('', ' ', '__proto__', 'constructor', "' OR 1=1--", '%00', '%', '%zz', '%c0%af', '../../etc/passwd'),
  fc.constantFrom('a'.repeat(3000), '\u00ff\u00fe', '-1', '1e999', 'NaN', '0x10', utf8('٥'), 'null', '{{7*7}}'),
)
// No character that would end the request line or the header.
const oneLine = oddText.map((text) => text.replaceAll(/[\0-\x20\x7f]/g, '+'))

// Mostly an operation that exists, with what belongs to it; now and then any method on any path.
function lines({ notes, operations }: World): fc.Arbitrary<{ method: string; target: string }> {
  const id = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...notes) }, fc.uuid(), oneLine)
  const limit = fc.oneof(fc.integer({ min: -1, max: 120 }).map(String), oneLine)
  const query = fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: limit.map((limit) => `?limit=${limit}`) },
    { weight: 1, arbitrary: fc.tuple(limit, id).map(([limit, id]) => `?limit=${limit}&cursor=${id}`) },
    { weight: 1, arbitrary: fc.tuple(oneLine, oneLine).map(([name, value]) => `?${name}=${value}`) },
  )
  const known = operations.flatMap(({ method, path }) =>
    (method === 'GET' ? ['GET', 'HEAD'] : [method]).map((method) => `${method} ${path}`),
  )
  const operation = fc.tuple(fc.constantFrom(...known), id).map(([line, id]) => line.replaceAll(/{\w+}/g, () => id))
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS', 'TRACE', 'M-SEARCH')
  const path = fc.oneof(
    fc.constantFrom(...operations.map(({ path }) => path)),
    fc.constantFrom('*', '//', '/data//notes', '/data/notes/', 'http://x/health', '/./health', '/HEALTH', '/%68ealth'),
    oneLine.map((text) => `/${text}`),
  )
  const anything = fc.tuple(method, path).map((words) => words.join(' '))
  return fc.tuple(fc.oneof({ weight: 4, arbitrary: operation }, anything), query).map(([line, query]) => {
    const [method = '', target] = line.split(' ')
    return { method, target: `${target}${query}` }
  })
}

function authorizations({ token }: World): fc.Arbitrary<[string, string][]> {
  const forged = forgeries(token).map(({ headers }) => Object.entries(headers))
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant<[string, string][]>([['Authorization', `Bearer ${token}`]]) },
    { weight: 2, arbitrary: fc.constantFrom(...forged) },
    { weight: 1, arbitrary: oneLine.map((text): [string, string][] => [['Authorization', `Bearer ${text}`]]) },
  )
}

const oddHeaders = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      'X-Request-Id',
      'traceparent',
      'tracestate',
      'Accept',
      'Cookie',
      'X-Forwarded-For',
      'Range',
      'Origin',
    ),
    oneLine,
  ),
  fc.tuple(
    fc.constantFrom('If-None-Match', 'Upgrade', 'Forwarded', 'Accept-Encoding', 'X-HTTP-Method-Override'),
    oneLine,
  ),
  fc.constantFrom<[string, string]>(
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['Content-Encoding', 'gzip'],
    ['Content-Type', 'text/plain'],
    ['Content-Type', 'application/json; charset=utf-16'],
    ['Expect', '200-ok'],
    ['__proto__', 'x'],
    ['constructor', 'x'],
    ['X-HTTP-Method-Override', 'DELETE'],
  ),
)

const json = (value: unknown) => utf8(JSON.stringify(value))
const nested = (n: number, open: string, close: string) => open.repeat(n) + close.repeat(n)
const hostileTexts = [
  '{"title":"a","body":"b","title":"c"}',
  '{"title":"a","body":"b","__proto__":{"admin":true}}',
  '{"__proto__":{"title":"a","body":"b"}}',
  '{"title":"\\ud800","body":"\\udfff"}',
  '{"title":"a\\u0000","body":"\\u2028\\ufeff"}',
  '{"title":1e999,"body":-0}',
  `{"title":${'9'.repeat(5000)},"body":0.${'0'.repeat(5000)}1}`,
  `{"title":${nested(20_000, '[', ']')},"body":""}`,
  nested(100_000, '[', ']'),
  nested(30_000, '{"a":', '1'),
  json(Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`member${n}`, n]))),
  json({ title: 'a'.repeat(201), body: 'b'.repeat(20_001) }),
  json({ title: '😀'.repeat(200), body: '😀'.repeat(2000) }),
  '\xef\xbb\xbf{"title":"a","body":"b"}',
  Buffer.from('{"title":"a","body":"b"}', 'utf16le').toString('latin1'),
  '{"title":"\xe4","body":""}',
  '{"title":"\xc0\xaf","body":""}',
  "{'title':1}",
  '{"title":"a","body":"b"}}',
  ' '.repeat(262_145),
  'NaN',
]

function bodies({ password }: World) {
  const note = fc.record({
    title: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    body: fc.string({ unit: 'grapheme', maxLength: 100 }),
  })
  const odd = fc.jsonValue({ maxDepth: 3 })
  return fc.oneof(
    { weight: 8, arbitrary: note.map(json) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        json({ username: 'demo', password }),
        json({ username: 'demo', password, expires_in: 60 }),
        json({ username: 'demo', password: 'x' }),
        json({ username: 'demo', password, expires_in: 1e99 }),
      ),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('title', 'body', 'x', '__proto__'), odd)
        .map(([name, value]) => `{"title":"a","body":"b",${json(name)}:${json(value)}}`),
    },
    { weight: 2, arbitrary: odd.map(json) },
    { weight: 2, arbitrary: note.chain((note) => fc.nat(json(note).length).map((cut) => json(note).slice(0, cut))) },
    { weight: 1, arbitrary: fc.constantFrom(...hostileTexts) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')) },
    { weight: 2, arbitrary: fc.constant('') },
  )
}

// Ways to break a request's framing. What comes after it on the connection has no defined meaning.
const breakages: ((request: Request) => Request)[] = [
  (request) => ({ ...request, headers: [...request.headers, ['Content-Length', '7']] }),
  (request) => ({ ...request, headers: [...request.headers, ['Content-Length', '-1']] }),
  (request) => ({ ...request, headers: [...request.headers, ['Transfer-Encoding', 'chunked']] }),
  (request) => ({ ...request, headers: [...request.headers, ['Transfer-Encoding', 'gzip']] }),
  (request) => ({ ...request, headers: [...request.headers, ['A name', 'with a space']] }),
  (request) => ({ ...request, headers: [...request.headers, ['Filler', 'a'.repeat(20_000)]] }),
  (request) => ({ ...request, headers: [...request.headers, ['X-Nul', 'a\0b']] }),
  (request) => ({ ...request, headers: [...request.headers, ['X-Line', 'a\nX-Smuggled: b']] }),
  (request) => ({ ...request, headers: request.headers.filter(([name]) => name !== 'Host') }),
  (request) => ({ ...request, headers: request.headers.filter(([name]) => name !== 'Content-Length') }),
  (request) => ({ ...request, headers: [...request.headers, ['Expect', '100-continue']] }),
  (request) => ({ ...request, body: request.body.slice(1) }),
  (request) => ({ ...request, target: `${request.target} x` }),
  (request) => ({ ...request, target: request.target.slice(1) }),
  (request) => ({ ...request, method: request.method.toLowerCase() }),
  (request) => ({ ...request, method: 'CONNECT' }),
]

const garbage = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.constantFrom(
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'GET /health\r\n\r\n',
    'GET /health HTTP/1.0\r\n\r\n',
    'GET /health HTTP/9.9\r\nHost: api\r\n\r\n',
    'POST /data/notes HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n',
    'POST /auth/login HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"u',
    '\r\n\r\n\r\n',
  ),
)

/** One to four pipelined requests over the whole surface, some broken, some followed by bytes that are no request. */
export function sequences(world: World): fc.Arbitrary<Sequence> {
  const request = fc
    .tuple(lines(world), authorizations(world), fc.array(oddHeaders, { maxLength: 2 }), bodies(world))
    .map(([line, authorization, odd, body]): Request => {
      const type = odd.some(([name]) => name === 'Content-Type') ? [] : [['Content-Type', 'application/json'] as const]
      const length = [['Content-Length', String(body.length)] as const]
      const headers = [['Host', 'api'] as const, ...authorization, ...type, ...odd, ...length]
      return {
        ...line,
        headers: headers.map(([name, value]) => [name, value]),
        body,
        sound: /^[\x21-\x7e]+$/.test(line.target),
      } // HTTP allows no other
    })
  const broken = fc
    .tuple(request, fc.constantFrom(...breakages))
    .map(([request, breakIt]) => ({ ...breakIt(request), sound: false }))
  return fc.record({
    requests: fc.array(fc.oneof({ weight: 9, arbitrary: request }, { weight: 1, arbitrary: broken }), {
      minLength: 1,
      maxLength: 4,
    }),
    rest: fc.oneof({ weight: 12, arbitrary: fc.constant('') }, { weight: 1, arbitrary: garbage }),
  })
}

/** The sequence as bytes; whatever comes last asks for the connection to be closed, if it can. */
export function bytesOf({ requests, rest }: Sequence): Buffer {
  const texts = requests.map(({ method, target, headers, body }, n) => {
    const close = rest === '' && n === requests.length - 1 ? ['Connection: close'] : []
    const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), ...close]
    return `${lines.join('\r\n')}\r\n\r\n${body}`
  })
  return Buffer.from(texts.join('') + rest, 'latin1')
}
