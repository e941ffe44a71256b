import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { dashboards } from '../src/all.ts'
import { metricOf, seriesIn } from '../src/promql.ts'
import { rules } from '../src/rules.ts'
import { queriesOf } from '../src/uses.ts'
import { exposed, recorded } from './signals.ts'

const units = new Map([...exposed, ...recorded].map(({ name, unit }) => [name, unit]))
const histograms = new Set(exposed.filter(({ type }) => type === 'histogram').map(({ name }) => name))
const queries = dashboards().flatMap((dashboard) => queriesOf(dashboard))

// How Grafana writes the units of docs/signals.md.
const grafanaUnits: Record<string, string> = {
  seconds: 's',
  'seconds/s': 'percentunit',
  ratio: 'percentunit',
  requests: 'short',
  'requests/s': 'reqps',
  'errors/s': 'ops',
  'attempts/s': 'ops',
  'guesses/s': 'ops',
  attempts: 'short',
  writes: 'short',
  bytes: 'bytes',
  connections: 'short',
  'connections/s': 'ops',
  workers: 'short',
  deviations: 'none',
  '1 or 0': 'none',
  '1': 'none',
  status: 'none',
}

// The unit of a query's result: that of what it reads, counted each second if it is a rate.
function unitOf(expr: string): string {
  const [series = ''] = seriesIn(expr)
  const metric = metricOf(series)
  // What a histogram counts is not what it measures.
  const unit = histograms.has(metric) && series.endsWith('_count') ? 'requests' : (units.get(metric) ?? '')
  const isRate = /\brate\(/.test(expr) && !expr.startsWith('histogram_quantile')
  return isRate ? `${unit}/s` : unit
}

test('every rule, panel and annotation reads only what docs/signals.md names', () => {
  const readers = [
    ...rules().map(({ record, alert, expr }) => ({ who: record ?? alert, expr })),
    ...queries.map(({ panel, expr }) => ({ who: panel?.title, expr })),
  ]
  for (const { who, expr } of readers) {
    for (const series of seriesIn(expr)) assert.ok(units.has(metricOf(series)), `${who} reads ${series}`)
  }
})

test('docs/signals.md names every recorded series, and no other', () => {
  const names = new Set(rules().flatMap(({ record }) => record ?? []))
  assert.deepEqual([...names].sort(), recorded.map(({ name }) => name).sort())
})

test('every recorded series is read by somebody', () => {
  const read = new Set([...rules(), ...queries].flatMap(({ expr }) => seriesIn(expr)))
  const spare = recorded.map(({ name }) => name).filter((name) => !read.has(name))
  assert.deepEqual(spare, [])
})

test("a panel's unit is that of what it reads", () => {
  for (const { panel, expr } of queries) {
    if (!panel || expr === '') continue
    const unit = unitOf(expr)
    if (unit === 'its own') continue
    const shown = (panel as Panel).fieldConfig?.defaults.unit ?? 's' // a heat map's rows are seconds
    const expected = panel.type === 'heatmap' ? 's' : grafanaUnits[unit]
    assert.equal(shown, expected, `${panel.title} shows ${expr}, which is in ${unit}`)
  }
})

test('names are found in an expression, and nothing else is', () => {
  const expr =
    'sum by (le) (rate(a_bucket{x="b{c}"}[5s] offset 30s)) / on () group_left (d) (api:e:f > bool 0.1) unless g'
  assert.deepEqual(seriesIn(expr), ['a_bucket', 'api:e:f', 'g'])
})
