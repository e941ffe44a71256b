// docs/outgrow.md: the real stack sends its signals to a back end of the test's own, and no tracked file changes.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Checkout } from './checkout.ts'

const basic = (user: string) => `Basic ${Buffer.from(user).toString('base64')}`

/** Changes a stack that runs as the document says, and loads it. */
export async function reachOwnBackEnd(t: TestContext, stack: Checkout) {
  const got = new Set<string>()
  const receiver = createServer(async (req, res) => {
    const { authorization, 'content-encoding': encoding, 'user-agent': agent = '' } = req.headers
    const bytes = Buffer.concat(await req.toArray()).length
    if (bytes > 0) got.add([req.url, /^\w+/.exec(agent), encoding, authorization].join(' '))
    res.end()
  }).listen(0, '0.0.0.0')
  await new Promise((resolve) => receiver.once('listening', resolve))
  t.after(() => receiver.close().closeAllConnections())
  const endpoint = `http://host.docker.internal:${(receiver.address() as AddressInfo).port}`

  const page = readFileSync(join(stack.folder, 'docs/outgrow.md'), 'utf8')
  const [, override = ''] = /```yaml\n(services:[\s\S]*?)```/.exec(page) ?? []
  writeFileSync(join(stack.folder, 'compose.override.yaml'), override)
  const [, write = ''] = /```yaml\n(remote_write:[\s\S]*?)```/.exec(page) ?? []
  const config = readFileSync(join(stack.folder, 'prometheus/prometheus.yml'), 'utf8')
  const own = `${config}\n${write.replace(/https:\S*/, `${endpoint}/api/v1/push`)}`
  writeFileSync(join(stack.folder, 'prometheus/own.yml'), own, { mode: 0o644 })

  const settings = {
    PROMETHEUS_CONFIG: 'own.yml',
    OTEL_METRICS_EXPORTER: 'otlp,prometheus',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20abc',
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    K6_PROMETHEUS_RW_SERVER_URL: `${endpoint}/k6`,
    K6_PROMETHEUS_RW_USERNAME: 'lab',
    K6_PROMETHEUS_RW_PASSWORD: 'of-k6',
  }
  const up = await stack.make('up', ...Object.entries(settings).map(([name, value]) => `${name}=${value}`))
  assert.equal(up.code, 0, up.out)
  await stack.make('load', 'SCRIPT=smoke', 'DURATION=3s')
  const expected = [
    '/v1/traces OTel  Basic abc',
    '/v1/metrics OTel  Basic abc',
    `/api/v1/push Prometheus snappy ${basic('lab:...')}`,
    `/k6 k6 snappy ${basic('lab:of-k6')}`,
  ]
  for (const deadline = Date.now() + 60_000; Date.now() < deadline && got.size < expected.length; ) await sleep(200)
  assert.deepEqual([...got].sort(), expected.sort())
  assert.equal(await stack.prometheus('min(up{job=~"api|lab"})'), 1, 'the dashboards have their data too')
}
