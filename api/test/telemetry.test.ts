import assert from 'node:assert/strict'
import { test } from 'node:test'
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

const wrong: Record<string, Record<string, string>> = {
  'an unknown exporter': { OTEL_TRACES_EXPORTER: 'carrier-pigeon' },
  'an unknown protocol': { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'smoke-signals' },
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
