import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { METHODS } from 'node:http'
import { connect } from 'node:net'
import { before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import jsonwebtoken from 'jsonwebtoken'
import slo from '../../slo.json' with { type: 'json' }
import { type Contract, readContract } from '../fuzz/contract.ts'
import { type Api, sendRaw, startApi } from './start-api.ts'

type Labels = Record<string, string>
type Histogram = { name: string; labels: Labels; counts: [edge: number, count: number][] }
type Page = { types: Map<string, string>; samples: Map<string, number>; lines: number }

const key = (name: string, labels: Labels = {}) => `${name} ${JSON.stringify(Object.entries(labels).sort())}`
const label = '([a-zA-Z_]\\w*)="((?:[^"\\\\]|\\\\["\\\\n])*)"'
const sampleLine = new RegExp(`^([a-zA-Z_:][\\w:]*)(\\{${label}(?:,${label})*\\})? (\\S+)$`)

/** Reads the Prometheus text format 0.0.4, and fails at whatever a strict reader may refuse. */
function parse(text: string): Page {
  const types = new Map<string, string>()
  const samples = new Map<string, number>()
  const helped = new Set<string>()
  const buckets = new Map<string, Histogram>()
  let family = ''
  assert.ok(text.endsWith('\n'), 'the last line has an end')
  for (const line of text.trimEnd().split('\n')) {
    const [, kind, about = '', rest = ''] = line.match(/^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/) ?? []
    if (kind === 'HELP') {
      assert.ok(!helped.has(about), `${about} has one HELP`)
      helped.add(about)
    } else if (kind === 'TYPE') {
      assert.ok(!types.has(about), `${about} has one TYPE, and all its samples behind it`)
      assert.match(rest, /^(counter|gauge|histogram|summary|untyped)$/)
      types.set(about, rest)
      family = about
    } else if (line !== '' && !line.startsWith('# ')) {
      const [, name = '', braces = ''] = line.match(sampleLine) ?? assert.fail(`no sample: ${line}`)
      const value = Number(line.slice(line.lastIndexOf(' ')))
      const labels = Object.fromEntries([...braces.matchAll(RegExp(label, 'g'))].map(([, name, text]) => [name, text]))
      const histogram = types.get(family) === 'histogram'
      assert.equal(histogram ? name.replace(/_(bucket|sum|count)$/, '') : name, family, `${line} follows its TYPE`)
      assert.ok(helped.has(family) && !Number.isNaN(value) && !samples.has(key(name, labels)), line)
      samples.set(key(name, labels), value)
      if (!histogram || labels.le === undefined) continue
      const { le, ...others } = labels
      const bucket: Histogram = buckets.get(key(family, others)) ?? { name: family, labels: others, counts: [] }
      bucket.counts.push([le === '+Inf' ? Infinity : Number(le), value])
      buckets.set(key(family, others), bucket)
    }
  }
  for (const { name, labels, counts } of buckets.values()) {
    for (const [i, [edge, count]] of counts.slice(1).entries()) {
      const [smallerEdge = 0, smallerCount = 0] = counts[i] ?? []
      assert.ok(edge > smallerEdge && count >= smallerCount, `${name} is cumulative`)
    }
    assert.deepEqual(counts.at(-1), [Infinity, samples.get(key(`${name}_count`, labels))], `${name} ends with +Inf`)
    assert.ok(samples.has(key(`${name}_sum`, labels)))
  }
  return { types, samples, lines: text.trimEnd().split('\n').length }
}

type Document = {
  paths: Record<string, Record<string, { requestBody?: object; responses: object }>>
  components: {
    schemas: { Health: { properties: { database: { properties: { reason: { anyOf: { enum?: string[] }[] } } } } } }
  }
}
let api: Api
let atStart: Page
let document: Document
let contract: Contract
before(async (t) => {
  api = await startApi(t as TestContext, { LOGIN_ATTEMPTS_PER_MINUTE: '3' })
  atStart = await read()
  const text = await (await api.fetch('/openapi.json')).text()
  document = JSON.parse(text) as Document
  contract = readContract(text)
})

async function read(): Promise<Page> {
  const answer = await fetch(api.metricsUrl)
  assert.equal(answer.headers.get('Content-Type'), 'text/plain; version=0.0.4; charset=utf-8')
  return parse(await answer.text())
}

const requests = (method: string, route: string, status: number | string) =>
  key('http_server_request_duration_seconds_count', {
    http_request_method: method,
    http_route: route,
    http_response_status_code: String(status),
    url_scheme: 'http',
    ...(Number(status) >= 500 && { error_type: String(status) }),
  })

// The parser's own answers are to no route; of these only a broken body is known to belong to one.
const documented = () =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { requestBody, responses }]) =>
      Object.keys(responses)
        .filter((status) => !['408', '431', ...(requestBody ? [] : ['400'])].includes(status))
        .map((status) => requests(method.toUpperCase(), path.replace('{id}', ':id'), status)),
    ),
  )

async function makeNote(token: string) {
  const answer = await api.fetch('/data/notes', { method: 'POST', token, json: { title: 'a', body: 'b' } })
  return ((await answer.json()) as { id: string }).id
}

test('every documented series exists from the start, at 0', () => {
  const { reason } = document.components.schemas.Health.properties.database.properties
  const zeros = [
    ...reason.anyOf.flatMap((choice) => choice.enum ?? []).map((reason) => key('db_errors_total', { reason })),
    ...['success', 'failure', 'limited', 'overloaded', 'aborted', 'invalid', 'error'].map((outcome) =>
      key('auth_logins_total', { outcome }),
    ),
    ...[
      'missing',
      'malformed',
      'algorithm',
      'signature',
      'critical_header',
      'expired',
      'not_active',
      'no_expiry',
      'unknown_user',
      'revoked',
    ].map((reason) => key('auth_rejections_total', { reason })),
    ...['crowded', 'slow', 'malformed', 'headers_too_large'].map((reason) =>
      key('http_server_cut_connections_total', { reason }),
    ),
    ...['UPDATE', 'DELETE'].map((name) =>
      key('db_client_operation_duration_seconds_count', { db_system_name: 'sqlite', db_operation_name: name }),
    ),
    ...documented(),
    key('http_server_active_requests'),
    key('http_server_open_connections'),
  ]
  assert.ok(zeros.length > 50)
  for (const series of zeros) assert.equal(atStart.samples.get(series), 0, series)
  for (const operation of ['read', 'write']) assert.equal(atStart.samples.get(key('db_available', { operation })), 1)
})

test('the page is found by GET and HEAD, with a slash at the end, and by a proxy; anything else is 404', async () => {
  const ask = async (method: string, target: string) => {
    const answer = await sendRaw(
      api.metricsUrl,
      `${method} ${target} HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n`,
    )
    assert.match(answer, /^X-Content-Type-Options: nosniff\r$/m)
    const [head = '', ...body] = answer.split('\r\n\r\n')
    return [Number(head.split(' ')[1]), body.join('').includes('process_cpu_seconds_total')]
  }
  for (const target of ['/metrics', '/metrics/', '/metrics?a=b', 'http://api:9464/metrics', 'HTTP://api/metrics/']) {
    assert.deepEqual(await ask('GET', target), [200, true], target)
    assert.deepEqual(await ask('HEAD', target), [200, false], target)
  }
  for (const target of ['/', '/metric', '/metricsx', '/metrics/a', 'http://api:9464/', '//metrics', '*']) {
    assert.deepEqual(await ask('GET', target), [404, false], target)
  }
  assert.deepEqual(await ask('POST', '/metrics'), [404, false])
})

test('the goals of slo.json are edges of the request histogram', () => {
  const edges = new Set(
    [...atStart.samples.keys()].map((series) => Number(series.match(/http_server_request.*"le","([^"]+)"/)?.[1])),
  )
  for (const { latency_ms } of Object.values(slo.goals)) assert.ok(edges.has(latency_ms / 1000), `${latency_ms} ms`)
})

test('every request is counted once, on its route, or as unmatched when no route has it', async () => {
  const token = await api.login()
  const note = { title: 'a', body: 'b' }
  const [kept, gone] = [await makeNote(token), await makeNote(token)]
  type Init = Parameters<typeof api.fetch>[1]
  const sent: [times: number, path: string, init: Init, method: string, route: string, status: number][] = [
    [2, '/health', { method: 'HEAD' }, 'GET', '/health', 200], // HEAD counts as GET
    [5, '/data/notes', {}, 'GET', '/data/notes', 401],
    [3, '/data/notes?limit=1', { token }, 'GET', '/data/notes', 200],
    [2, '/data/notes?limit=0', { token }, 'GET', '/data/notes', 422],
    [4, `/data/notes/${kept}`, { token }, 'GET', '/data/notes/:id', 200],
    [3, '/data/notes/none', { token }, 'GET', '/data/notes/:id', 404],
    [2, `/data/notes/${kept}`, { method: 'PUT', token, json: note }, 'PUT', '/data/notes/:id', 200],
    [1, `/data/notes/${gone}`, { method: 'DELETE', token }, 'DELETE', '/data/notes/:id', 204],
    [6, '/data/notes', { method: 'POST', token, json: note }, 'POST', '/data/notes', 201],
    [2, '/data/notes', { method: 'POST', token, body: 'a' }, 'POST', '/data/notes', 415],
    [1, '/auth/login', { method: 'POST', json: { username: 'a', password: 'b' } }, 'POST', '/auth/login', 401],
    [4, '/nowhere', { method: 'DELETE' }, '_OTHER', 'unmatched', 404],
    [3, '/health', { method: 'PATCH' }, '_OTHER', 'unmatched', 405],
  ]
  const before = await read()
  await Promise.all(sent.flatMap(([times, path, init]) => Array.from({ length: times }, () => api.fetch(path, init))))
  const now = await read()
  const counted = [...now.samples].filter(([series]) => series.startsWith('http_server_request_duration_seconds_count'))
  const risen = counted.map(([series, value]) => [series, value - (before.samples.get(series) ?? 0)] as const)
  const expected = sent.map(([times, , , method, route, status]) => [requests(method, route, status), times] as const)
  assert.deepEqual(risen.filter(([, times]) => times > 0).sort(), expected.sort())
})

test('reading the page lowers or loses no figure that only grows', async () => {
  const growing = ({ types, samples }: Page) =>
    [...samples].filter(([series]) => {
      const name = series.slice(0, series.indexOf(' '))
      return types.get(name) === 'counter' || types.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram'
    })
  let before = await read()
  const first = before
  for (let n = 0; n < 10; n++) {
    const [one, other] = [await read(), await read()]
    for (const [earlier, later] of [
      [before, one],
      [one, other],
    ] as const) {
      for (const [series, value] of growing(earlier)) {
        assert.ok(Number(later.samples.get(series)) >= value, `${series}: ${later.samples.get(series)} after ${value}`)
      }
    }
    before = other
    await Promise.all([api.fetch('/data/notes'), api.fetch('/nowhere'), sleep(30)])
  }
  const delays = key('nodejs_eventloop_delay_seconds_count')
  assert.ok(Number(before.samples.get(delays)) > Number(first.samples.get(delays)))
})

test('after every kind of request, well-formed or not, the page has at most 1,000 lines', async (t) => {
  // Issued in the future, so that no logout ends it.
  const { sub } = jsonwebtoken.decode(await api.login()) as { sub: string }
  const iat = Math.floor(Date.now() / 1000) + 600
  const token = jsonwebtoken.sign({ sub, iat }, String(api.env.JWT_SECRET), { expiresIn: 600 })
  const id = await makeNote(token)
  const paths = contract.operations.flatMap(({ path }) =>
    path.includes('{id}') ? [path.replace('{id}', id), path.replace('{id}', 'none')] : [path, `${path}?limit=0`],
  )
  const accepted = contract.operations.map((operation) => JSON.stringify(contract.bodyOf(operation) ?? {}))
  const bodies = [...new Set(accepted), '{', '{"username":"demo","password":"a"}', ' '.repeat(300_000)]
  async function everything() {
    for (const path of new Set(paths)) {
      for (const given of [token, undefined]) {
        for (const method of ['GET', 'HEAD', 'OPTIONS', 'PATCH']) await api.fetch(path, { method, token: given })
        for (const method of ['POST', 'PUT']) {
          for (const body of bodies) {
            for (const type of ['application/json', 'text/plain']) {
              await api.fetch(path, { method, token: given, body, headers: { 'Content-Type': type } }).catch(() => {})
            }
          }
          const head = `${method} ${path} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer ${given}\r\nContent-Type: application/json\r\n`
          await sendRaw(api.url, `${head}Transfer-Encoding: chunked\r\n\r\nno length\r\n`)
          connect(Number(new URL(api.url).port), '127.0.0.1')
            .end(`${head}Content-Length: 9\r\n\r\n{`)
            .resume()
        }
        await api.fetch(path, { method: 'DELETE', token: given })
      }
    }
  }
  await everything()
  chmodSync(api.databasePath, 0)
  await everything()
  await api.fetch('/auth/login', { method: 'POST', json: { username: 'new here', password: 'a' } })
  chmodSync(api.databasePath, 0o600)
  await api.logged((line) => line.msg === 'database available')
  for (const [i, method] of METHODS.filter((method) => method !== 'CONNECT').entries()) {
    await sendRaw(api.url, `${method} /invented/${i}?${i} HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n`)
    await sendRaw(api.url, `X${method} /invented HTTP/1.1\r\nHost: api\r\n\r\n`)
  }
  for (let i = 0; i < 50; i++) await api.fetch(`/data/notes/${i}/${i}`, { token, headers: { 'X-Request-Id': `${i}` } })
  await sendRaw(api.url, 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n')
  const page = await read()
  // A failed operation is timed too, under the reason of its failure.
  const failed = { db_system_name: 'sqlite', db_operation_name: 'SELECT', error_type: 'permission' }
  assert.ok(Number(page.samples.get(key('db_client_operation_duration_seconds_count', failed))) > 0)
  const never = documented().filter((series) => !page.samples.get(series))
  assert.deepEqual(never, [])
  // Not every kind of garbage collection happens in so short a time; in a day each has its lines.
  const kinds = [...page.samples.keys()].filter((series) => series.startsWith('nodejs_gc_duration_seconds_count'))
  const linesOfOne = [...page.samples.keys()].filter((series) => /^nodejs_gc.*minor/.test(series)).length
  const lines = page.lines + (4 - kinds.length) * linesOfOne
  t.diagnostic(`${atStart.lines} lines at the start, ${lines} after everything`)
  assert.ok(lines <= 1000, `${lines} lines`)
})
