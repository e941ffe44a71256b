import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queries as ofSessions } from '../../lab/src/runner/k6-summary.ts'
import { dashboards, pages } from '../src/all.ts'
import { metricOf, seriesIn } from '../src/promql.ts'
import { rules } from '../src/rules.ts'
import { queriesOf } from './queries.ts'
import { exposed, recorded } from './signals.ts'

const units = new Map([...exposed, ...recorded].map(({ name, unit }) => [name, unit]))
const histograms = new Set(exposed.filter(({ type }) => type === 'histogram').map(({ name }) => name))
const queries = dashboards().flatMap((dashboard) => queriesOf(dashboard).map((expr) => ({ name: dashboard.uid, expr })))

// How Grafana writes the units of docs/signals.md. `locale` is an exact number such as 2,069; `short` would be 2.07 K.
const grafanaUnits: Record<string, string> = {
  seconds: 's',
  'seconds/s': 'percentunit',
  ratio: 'percentunit',
  requests: 'locale',
  'requests/s': 'reqps',
  'errors/s': 'ops',
  'attempts/s': 'ops',
  'guesses/s': 'locale',
  attempts: 'locale',
  writes: 'short',
  bytes: 'bytes',
  files: 'locale',
  connections: 'locale',
  deviations: 'none',
  '1 or 0': 'none',
  '0 to 2': 'none',
  '1': 'none',
  status: 'none',
}

// The unit of a query's result: that of what it reads, per second if it is a rate.
function unitOf(expr: string): string {
  if (expr.startsWith('time() - ')) return 'seconds'
  const [series = ''] = seriesIn(expr)
  const metric = metricOf(series)
  // A histogram counts requests, whatever it measures.
  const unit = histograms.has(metric) && series.endsWith('_count') ? 'requests' : (units.get(metric) ?? '')
  const isRate = /\brate\(/.test(expr) && !expr.startsWith('histogram_quantile')
  return isRate ? `${unit}/s` : unit
}

test('every rule, panel, annotation and session reads only what docs/signals.md names', () => {
  const sessions = ofSessions.map((expr) => ({ name: 'a session', expr }))
  // One meaning of k6's latency, for dashboards and sessions.
  const latencies = ofSessions.filter((expr) => expr.includes('histogram_quantile'))
  assert.deepEqual([...new Set(latencies.flatMap(seriesIn))], ['client:latency_seconds:rate5s'])
  const readers = [
    ...rules().map(({ record, alert, expr }) => ({ name: record ?? alert, expr })),
    ...queries,
    ...sessions,
  ]
  for (const { name, expr } of readers) {
    for (const series of seriesIn(expr)) assert.ok(units.has(metricOf(series)), `${name} reads ${series}`)
  }
})

test('docs/signals.md names every recorded series, and no other', () => {
  const names = new Set(rules().flatMap(({ record }) => record ?? []))
  assert.deepEqual([...names].sort(), recorded.map(({ name }) => name).sort())
})

test('every recorded series is read by a rule or a panel', () => {
  const read = new Set([...rules(), ...queries].flatMap(({ expr }) => seriesIn(expr)))
  const spare = recorded.map(({ name }) => name).filter((name) => !read.has(name))
  assert.deepEqual(spare, [])
})

test("a panel's unit is that of what it reads", () => {
  for (const { dashboard, panels } of pages()) {
    for (const [index, { title, lines }] of panels.entries()) {
      const panel = dashboard.panels?.[index + 1]
      const shown = (panel && 'fieldConfig' in panel && panel.fieldConfig?.defaults.unit) || 's' // rows of a heat map: seconds
      for (const { expr } of lines) {
        const unit = unitOf(expr)
        if (unit === 'its own' || expr.startsWith('vector(')) continue
        const expected = panel?.type === 'heatmap' ? 's' : grafanaUnits[unit]
        assert.equal(shown, expected, `${title} shows ${expr}, which is in ${unit}`)
      }
    }
  }
})

test('names are found in an expression, and nothing else is', () => {
  const expr =
    'sum by (le) (rate(a_bucket{x="b{c}"}[5s] offset 30s)) / on () group_left (d) (api:e:f > bool 0.1) unless g'
  assert.deepEqual(seriesIn(expr), ['a_bucket', 'api:e:f', 'g'])
})
