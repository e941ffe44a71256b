import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { type AttackContext, type AttackRun, attemptAtRate, request } from './attack.ts'

/**
 * A request that must be answered 401: what is wrong with it, and what is sent. `reason`: why the API rejects it, as a label of
 * auth_rejections_total and a field of its log.
 */
type Forgery = { name: string; reason: string; headers: Record<string, string>; query?: string }

/** Tokens by reason and name. */
type Tokens = Record<string, Record<string, string>>

type Json = Record<string, unknown>

const base64url = (text: string | Buffer) => Buffer.from(text).toString('base64url')
const encode = (value: unknown) => base64url(typeof value === 'string' ? value : JSON.stringify(value))
const now = () => Math.floor(Date.now() / 1000)

/** A token made by hand, because no library would make most of these. */
export function forge(payload: unknown, secret: string | Buffer, header: Json = {}, hash = 'sha256') {
  const head = `${encode({ alg: 'HS256', typ: 'JWT', ...header })}.${encode(payload)}`
  return `${head}.${createHmac(hash, secret).update(head).digest('base64url')}`
}

const each = <T>(what: string, values: T[], make: (value: T) => string) =>
  Object.fromEntries(values.map((value) => [`${what} ${JSON.stringify(value)}`, make(value)]))

/**
 * What an attacker can make from a valid token. With the key also tokens with a valid signature and wrong claims, which a
 * careless API would accept.
 */
export function forgeries(token: string, key?: string): Forgery[] {
  const tables = [withoutKey(token), ...(key === undefined ? [] : [withKey(token, key)])]
  const bearers = tables
    .flatMap(Object.entries<Tokens[string]>)
    .flatMap(([reason, tokens]) =>
      Object.entries(tokens).map(([name, one]) => ({ name, reason, headers: { Authorization: `Bearer ${one}` } })),
    )
  return [...bearers, ...misplaced(token)]
}

function withoutKey(token: string): Tokens {
  const [head, payload, signature] = token.split('.') as [string, string, string]
  const claims: Json = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const publicPem = String(rsa.publicKey.export({ type: 'spki', format: 'pem' }))
  const jwk = { kty: 'oct', k: base64url('mine') }
  const later = { ...claims, exp: now() + 31_536_000 }
  const unsigned = (alg: unknown) => `${encode({ alg, typ: 'JWT' })}.${payload}.`
  return {
    algorithm: {
      ...each('unsigned, alg', ['none', 'None', 'NONE', 'nOnE', 'none ', '', null], unsigned),
      'RS256 with a key of its own': signed(claims, rsa.privateKey),
      'RS256 with its public key in the header': signed(claims, rsa.privateKey, {
        jwk: rsa.publicKey.export({ format: 'jwk' }),
      }),
      'HS512 with a key of its own': forge(claims, 'mine', { alg: 'HS512' }, 'sha512'),
      'no signature': `${head}.${payload}.`,
    },
    signature: {
      ...each('the key', ['', ' ', '\0', 'secret', 'changeme', 'your-256-bit-secret', 'null'], (guess) =>
        forge(claims, guess),
      ),
      'a random key': forge(claims, randomBytes(32)),
      'a public key as the key (key confusion)': forge(claims, publicPem),
      'a kid that is a path': forge(claims, '', { kid: '../../../../dev/null' }),
      'a kid that is SQL': forge(claims, 'mine', { kid: "x' UNION SELECT 'mine'--" }),
      'a jwk in the header': forge(claims, 'mine', { jwk }),
      'the claim sub changed': `${head}.${encode({ ...claims, sub: 'admin' })}.${signature}`,
      'the claim exp changed': `${head}.${encode(later)}.${signature}`,
      'another signature': `${head}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      'a shortened signature': `${head}.${payload}.${signature.slice(0, -2)}`,
      '8 KB': forge({ ...claims, filler: 'a'.repeat(6000) }, 'mine'),
    },
    critical_header: {
      'a crit in the header': forge(claims, 'mine', { crit: ['exp'], b64: false }),
    },
    malformed: {
      'two parts': `${head}.${payload}`,
      'four parts': `${token}.${signature}`,
      'two tokens': `${token} ${token}`,
      '8 KB of nothing': 'a'.repeat(8000),
      'no token': '',
    },
  }
}

function withKey(token: string, key: string): Tokens {
  const [head, payload] = token.split('.') as [string, string]
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string; exp: number }
  const { exp, ...withoutExp } = claims
  const { sub, ...withoutSub } = claims
  return {
    algorithm: {
      ...each('signed, alg', ['none', 'NONE', 'hs256', 'HS257', ['HS256']], (alg) => forge(claims, key, { alg })),
      'HS512 with the right key': forge(claims, key, { alg: 'HS512' }, 'sha512'),
      'no alg': forge(claims, key, { alg: undefined }),
    },
    signature: {
      'a part of the key': forge(claims, key.slice(1)),
      'the payload alone signed': `${head}.${payload}.${createHmac('sha256', key).update(payload).digest('base64url')}`,
    },
    expired: {
      '6 s ago': forge({ ...claims, exp: now() - 6 }, key),
    },
    not_active: { 'in a minute': forge({ ...claims, nbf: now() + 60 }, key) },
    no_expiry: {
      'no exp': forge(withoutExp, key),
      ...each('the payload', ['"text"', '[]', '5', '{}'], (text) => forge(text, key)),
    },
    unknown_user: {
      'no sub': forge(withoutSub, key),
      ...each('sub', [1, null, true, [sub], { id: sub }, '', 'demo', "' OR 1=1", sub.toUpperCase()], (value) =>
        forge({ ...claims, sub: value }, key),
      ),
    },
    malformed: {
      ...each('exp', [String(exp), null, true, [exp]], (value) => forge({ ...claims, exp: value }, key)),
      ...each('nbf', ['0', null], (value) => forge({ ...claims, nbf: value }, key)),
      ...each('the payload', ['null', '{"sub":', ''], (text) => forge(text, key)),
    },
  }
}

// The right token where it does not belong.
function misplaced(token: string): Forgery[] {
  const reason = 'missing'
  return [
    { name: 'nothing', reason, headers: {} },
    { name: 'in the query as access_token', reason, headers: {}, query: `access_token=${token}` },
    { name: 'in the query as token', reason, headers: {}, query: `token=${token}` },
    { name: 'in a cookie', reason, headers: { Cookie: `token=${token}; access_token=${token}; jwt=${token}` } },
    {
      name: 'in other headers',
      reason,
      headers: { 'Proxy-Authorization': `Bearer ${token}`, 'X-Access-Token': token },
    },
    { name: 'no scheme', reason: 'malformed', headers: { Authorization: token } },
    { name: 'the scheme Basic', reason: 'malformed', headers: { Authorization: `Basic ${token}` } },
    { name: 'the scheme JWT', reason: 'malformed', headers: { Authorization: `JWT ${token}` } },
  ]
}

function signed(claims: Json, key: KeyObject, header: Json = {}) {
  const head = `${encode({ alg: 'RS256', typ: 'JWT', ...header })}.${encode(claims)}`
  return `${head}.${sign('sha256', Buffer.from(head), key).toString('base64url')}`
}

/**
 * Every forgery of the table in turn, made from a valid token. Where the lab started the API and knows its secret, also
 * those with a valid signature and wrong claims: expired, without an expiry, of an unknown user.
 */
export async function forgedTokens({ target, token, pool }: AttackContext) {
  const table = forgeries(token, target.jwtSecret)
  return (run: AttackRun) =>
    attemptAtRate(run, (number) => {
      const { name, headers, query = 'limit=1' } = table[number % table.length] as Forgery
      return request(name, pool, { method: 'GET', path: `/data/notes?${query}`, headers })
    })
}
