import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { startApi, until } from './start-api.ts'

const limit = { timeout: 120_000 } // only against hanging

test('with OTEL_SDK_DISABLED the API serves, and its metrics page has the figures of Node', limit, async (t) => {
  const api = await startApi(t, { OTEL_SDK_DISABLED: 'true' })
  assert.equal((await api.fetch('/data/notes', { token: await api.login() })).status, 200)
  const answer = await fetch(api.metricsUrl)
  assert.equal(answer.status, 200)
  const page = await answer.text()
  assert.match(page, /^process_cpu_seconds_total /m)
  assert.doesNotMatch(page, /http_server/)
  assert.equal(await api.stop(), 0)
})

/** An OTLP back end of the test's own, which takes everything and keeps it by its path. */
async function startReceiver(t: TestContext) {
  const got: Record<string, { type?: string; authorization?: string; body: Buffer }[]> = {}
  const server = createServer(async (req, res) => {
    const body = Buffer.concat(await req.toArray())
    const { 'content-type': type, authorization } = req.headers
    got[req.url ?? ''] = [...(got[req.url ?? ''] ?? []), { type, authorization, body }]
    res.setHeader('Content-Type', type ?? '').end(type === 'application/json' ? '{}' : '')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => server.close().closeAllConnections())
  return { got, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

type Attribute = { key: string; value: { stringValue?: string; intValue?: number } }
const plain = (attributes: Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]))
type Point = { attributes: Attribute[]; count: number | string }
type Metric = { name: string; unit: string; histogram?: { dataPoints: Point[] } }

test(
  'OTLP back ends get spans and metrics under the names and attributes of the semantic conventions',
  limit,
  async (t) => {
    const { got, endpoint } = await startReceiver(t)
    const api = await startApi(t, {
      OTEL_METRICS_EXPORTER: 'otlp,prometheus',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20abc',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=not-this,deployment.environment.name=test',
      OTEL_SERVICE_NAME: 'notes',
    })
    const token = await api.login()
    const mend = await api.breakDatabase()
    assert.equal((await api.fetch('/data/notes', { token })).status, 503)
    await mend()
    await until('the database is back', async () => (await api.fetch('/data/notes', { token })).status === 200)
    assert.match(await (await fetch(api.metricsUrl)).text(), /^http_server_request_duration_seconds_count{.*} [1-9]/m)
    // The interval is a minute, so what has come by then was sent because the process ended.
    assert.equal(await api.stop(), 0)

    const [sent] = got['/v1/metrics'] ?? assert.fail('no metrics')
    const { resource, scopeMetrics } = JSON.parse(String(sent?.body)).resourceMetrics[0]
    const { 'service.instance.id': instance, ...named } = plain(resource.attributes)
    assert.ok(instance)
    assert.deepEqual(
      [sent?.authorization, named['service.name'], named['deployment.environment.name']],
      ['Basic abc', 'notes', 'test'],
    )
    const all: Metric[] = scopeMetrics.flatMap(({ metrics }: { metrics: Metric[] }) => metrics)
    const points = (name: string) => {
      const { unit, histogram } = all.find((metric) => metric.name === name) ?? assert.fail(name)
      assert.equal(unit, 's')
      return (histogram?.dataPoints ?? [])
        .filter(({ count }) => Number(count) > 0)
        .map((point) => plain(point.attributes))
    }
    const read = { 'http.request.method': 'GET', 'http.route': '/data/notes', 'url.scheme': 'http' }
    const requests = points('http.server.request.duration').filter((one) => one['http.route'] === '/data/notes')
    assert.deepEqual(
      requests.sort((a, b) => Number(a['http.response.status_code']) - Number(b['http.response.status_code'])),
      [
        { ...read, 'http.response.status_code': 200 },
        { ...read, 'http.response.status_code': 503, 'error.type': '503' },
      ],
    )
    const operations = points('db.client.operation.duration')
    assert.ok(operations.some((one) => one['db.operation.name'] === 'SELECT' && !one['error.type']))
    assert.ok(operations.some((one) => one['error.type'] === 'permission' && one['db.system.name'] === 'sqlite'))

    const spans = (got['/v1/traces'] ?? []).flatMap(
      ({ body }) => JSON.parse(String(body)).resourceSpans[0].scopeSpans[0].spans,
    )
    const failed = spans.find(({ status }) => status.code === 2) ?? assert.fail('no span of the failed request')
    const { 'url.path': path, ...attributes } = plain(failed.attributes)
    assert.deepEqual([failed.name, attributes], ['GET /data/notes', requests[1]])
    assert.equal(path, '/data/notes')
    const { trace_id } = await api.logged(({ status }) => status === 503)
    assert.ok(spans.some(({ traceId }) => traceId === trace_id))
  },
)

test('protobuf is the protocol unless another one is named, and only what is asked for is sent', limit, async (t) => {
  const { got, endpoint } = await startReceiver(t)
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_METRIC_EXPORT_INTERVAL: '200' }
  const api = await startApi(t, { ...env, OTEL_METRICS_EXPORTER: ' otlp' })
  await until('metrics have come twice', () => (got['/v1/metrics']?.length ?? 0) > 1)
  assert.equal(got['/v1/metrics']?.[0]?.type, 'application/x-protobuf')
  assert.match(String(got['/v1/metrics']?.[0]?.body), /http\.server\.request\.duration/)
  const page = await (await fetch(api.metricsUrl)).text()
  assert.match(page, /^process_cpu_seconds_total /m)
  assert.doesNotMatch(page, /http_server/)
  assert.equal(await api.stop(), 0)
  assert.deepEqual(Object.keys(got), ['/v1/metrics'])

  const sent = got['/v1/metrics']?.length
  const silent = await startApi(t, { ...env, OTEL_METRICS_EXPORTER: 'none', OTEL_TRACES_EXPORTER: 'none' })
  const disabled = { ...env, OTEL_METRICS_EXPORTER: 'otlp', OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' }
  for (const one of [silent, await startApi(t, disabled)]) {
    assert.equal((await one.fetch('/health')).status, 200)
    assert.doesNotMatch(await (await fetch(one.metricsUrl)).text(), /http_server/)
    assert.equal(await one.stop(), 0)
    assert.deepEqual([Object.keys(got), got['/v1/metrics']?.length], [['/v1/metrics'], sent])
  }
})

const wrong: Record<string, Record<string, string>> = {
  'an unknown exporter': { OTEL_TRACES_EXPORTER: 'carrier-pigeon' },
  'an unknown protocol': { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'smoke-signals' },
  'an unknown exporter of metrics': { OTEL_METRICS_EXPORTER: 'prometheus,carrier-pigeon' },
  'a time with a unit': {
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_METRIC_EXPORT_INTERVAL: '10s',
  },
  'an unknown sampler': { OTEL_TRACES_EXPORTER: 'otlp', OTEL_TRACES_SAMPLER: 'sometimes' },
  'an unknown exporter, with a level of the SDK’s own log': { OTEL_TRACES_EXPORTER: 'bogus', OTEL_LOG_LEVEL: 'info' },
  'an unknown level of the SDK’s own log': { OTEL_LOG_LEVEL: 'bogus' },
  'a collector that is not there': {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  },
}
for (const [what, env] of Object.entries(wrong)) {
  test(`${what} is logged once, and the API serves`, limit, async (t) => {
    const api = await startApi(t, env)
    await until('a line about telemetry', async () => {
      assert.equal((await api.fetch('/health')).status, 200)
      return api.logs.some(({ msg }) => msg === 'telemetry')
    })
    for (let n = 0; n < 20; n++) assert.equal((await api.fetch('/health')).status, 200)
    assert.equal(await api.stop(), 0)
    assert.deepEqual(api.stderr, [])
    const lines = api.logs
      .filter(({ msg }) => msg === 'telemetry')
      .map(({ level, telemetry }) => `${level} ${telemetry}`)
    assert.equal(new Set(lines).size, lines.length)
    for (const line of lines) assert.match(line, /^warn /)
  })
}
