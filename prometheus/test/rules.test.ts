import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { rules } from '../../grafana/src/rules.ts'
import { defaults, series } from '../../lab/src/anomalies/detect.ts'
import { noPromtool, promtool } from './promtool.ts'

type Story = { name: string; alert_rule_test?: { alertname: string; exp_alerts: object[] }[] }

const folder = join(import.meta.dirname, '..')
const root = join(folder, '..')
const skip = { skip: noPromtool }
const files = readdirSync(join(folder, 'tests')).map((file) => `tests/${file}`)
const alerts = rules().filter((rule) => rule.alert !== undefined)
const stories: Story[] = files.flatMap((file) => parse(readFileSync(join(folder, file), 'utf8')).tests)

test('promtool accepts the configuration and the rules', skip, () => {
  const { status, output } = promtool('check', 'config', '--lint=all', '--lint-fatal', 'prometheus.yml')
  assert.equal(status, 0, output)
})

test('the configuration of the stack with PostgreSQL differs only in how the API is found', skip, () => {
  const { status, output } = promtool('check', 'config', '--lint=all', '--lint-fatal', '../postgres/prometheus.yml')
  assert.equal(status, 0, output)
  type Jobs = { scrape_configs: { job_name: string }[] }
  const without = (file: string) => {
    const config: Jobs = parse(readFileSync(join(root, file), 'utf8'))
    return { ...config, scrape_configs: config.scrape_configs.filter(({ job_name }) => job_name !== 'api') }
  }
  assert.deepEqual(without('postgres/prometheus.yml'), without('prometheus/prometheus.yml'))
})

for (const file of files) {
  test(`promtool confirms the stories of ${file}`, skip, () => {
    const { status, output } = promtool('test', 'rules', file)
    assert.equal(status, 0, output)
  })
}

test('every alert has a story in which it fires and one in which it never does', () => {
  for (const { alert } of alerts) {
    const checks = stories
      .map((story) => story.alert_rule_test?.filter((check) => check.alertname === alert) ?? [])
      .filter((story) => story.length > 0)
    const fires = (story: { exp_alerts: object[] }[]) => story.some((check) => check.exp_alerts.length > 0)
    assert.ok(checks.some(fires), `${alert} fires in no story`)
    assert.ok(!checks.every(fires), `${alert} has no near miss`)
  }
  console.log(`${alerts.length} alerts, ${stories.length} stories`)
})

test('every alert has a severity, a summary, a dashboard and a section of the runbook', () => {
  const headings = [...readFileSync(join(root, 'docs/runbook.md'), 'utf8').matchAll(/^## (\w+)$/gm)].map(
    ([, name]) => name,
  )
  for (const { alert = '', labels, annotations } of alerts) {
    assert.match(labels?.severity ?? '', /^(critical|warning|info)$/, alert)
    assert.match(annotations?.summary ?? '', /^.{20,}\.$/, alert)
    assert.equal(annotations?.runbook_url, `docs/runbook.md#${alert.toLowerCase()}`)
    assert.ok(headings.includes(alert), `docs/runbook.md has the heading ${alert}`)
    const dashboard = JSON.parse(
      readFileSync(join(root, `grafana/dashboards/${annotations?.dashboard?.replace('/d/', '')}.json`), 'utf8'),
    )
    assert.equal(`/d/${dashboard.uid}`, annotations?.dashboard)
  }
})

test('every recorded series is named level:metric:operation', () => {
  for (const { record } of rules()) if (record) assert.match(record, /^[a-z]+:[a-z_]+:[a-z0-9_]+$/)
})

test('the alert on latency uses the quantile of the goals', () => {
  const { baseline, peak } = JSON.parse(readFileSync(join(root, 'slo.json'), 'utf8')).goals
  const judged = rules().find(({ record }) => record === 'api:http_request_duration_seconds:p95_1m')
  const quantile = Number(/histogram_quantile\(([\d.]+)/.exec(judged?.expr ?? '')?.[1])
  assert.deepEqual([baseline.quantile, peak.quantile], [quantile, quantile])
})

test('threshold, warm-up, memory and floors of the z-score are those of the lab', () => {
  const exprOf = (name: string) => rules().find(({ record, alert }) => (record ?? alert) === name)?.expr ?? ''
  const number = (pattern: RegExp, expr: string) => Number(pattern.exec(expr)?.[1])
  assert.equal(number(/>= ([\d.]+)/, exprOf('AnomalyDetected')), defaults.threshold)
  assert.equal(number(/>= ([\d.]+)/, exprOf('api:signal:calm')), defaults.threshold)
  assert.equal(number(/>= ([\d.]+)/, exprOf('api:signal:mean5m')), defaults.warmUp)
  assert.equal(number(/\[(\d+)m\]/, exprOf('api:signal:mean5m')) * 60, defaults.memory)
  assert.equal(number(/\[(\d+)m\]/, exprOf('api:signal:deviation5m')) * 60, defaults.memory)
  const floors = rules()
    .filter(({ record }) => record === 'api:signal:floor')
    .map(({ labels, expr }) => [labels?.signal, number(/vector\(([\d.]+)\)/, expr)])
  const { logins, ...shared } = Object.fromEntries(floors)
  assert.deepEqual(shared, {
    requests: series.rate.floor,
    errors: series.error_ratio.floor,
    latency: series.p95_ms.floor / 1000,
    eventloop: series.event_loop_delay_ms.floor / 1000,
  })
  assert.ok(logins > 0)
})
