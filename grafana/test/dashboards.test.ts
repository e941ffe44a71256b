import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { experimentNames, loadExperiment } from '../../lab/src/runner/experiment.ts'
import { loadSlo } from '../../lab/src/slo.ts'
import { dashboards } from '../src/all.ts'
import { products } from '../src/products.ts'
import { queriesOf } from '../src/uses.ts'
import { about } from './moves.ts'

const root = join(import.meta.dirname, '../..')
const all = dashboards().map((dashboard) => ({ ...dashboard, panels: dashboard.panels as Panel[] }))
const columns = 24
// On a screen of 1,280 pixels a column is 53 wide; a row is 30 high.
const smallest = { width: 5, height: 4, textHeight: 2 }

test('what is made from code and slo.json is not stale', () => {
  for (const [file, content] of products()) {
    const stale = `${file} is stale; run: node scripts/node26.cjs grafana/build.ts`
    assert.equal(readFileSync(join(root, file), 'utf8'), content, stale)
  }
})

test('no dashboard lies in the folder that the code does not make', () => {
  const made = products().map(([file]) => file)
  for (const name of readdirSync(join(root, 'grafana/dashboards'))) {
    assert.ok(made.includes(`grafana/dashboards/${name}`), name)
  }
})

test('each dashboard asks one question, says how to read it, and shows at most eight panels', () => {
  for (const { uid, title, panels, time, refresh, links } of all) {
    assert.match(title ?? '', /^[A-Z].*\?$/)
    assert.equal(panels[0]?.type, 'text', `${uid} begins with how to read it`)
    assert.ok(panels.length <= 8, `${uid} has ${panels.length} panels`)
    assert.deepEqual([time, refresh], [{ from: 'now-15m', to: 'now' }, '5s'])
    const [reached, expected] = [links?.map(({ url }) => url), all.map((other) => `/d/${other.uid}`)]
    assert.deepEqual(reached, expected, `${uid} links to all`)
    assert.ok(
      links?.every(({ keepTime, includeVars }) => keepTime && includeVars),
      `${uid}: the time range is kept`,
    )
  }
})

test('every panel says what it shows, in which unit, and what each line is', () => {
  const panels = all.flatMap(({ panels }) => panels).filter(({ type }) => type !== 'text')
  for (const { title, description, fieldConfig, options, targets } of panels) {
    assert.match(title ?? '', /\w{4}/)
    assert.match(description ?? '', /^.{40,}[.?]$/, `${title} is described`)
    assert.ok(fieldConfig?.defaults.unit ?? options?.yAxis?.unit, `${title} has a unit`)
    for (const { legendFormat } of targets as { legendFormat?: string }[]) assert.ok(legendFormat, `${title}: a legend`)
  }
  const queries = all.flatMap((dashboard) => queriesOf(dashboard)).filter(({ expr }) => expr !== '')
  console.log(`${all.length} dashboards, ${panels.length} panels with data, ${queries.length} queries`)
})

test('faults and phases are shaded on every dashboard', () => {
  for (const { uid, annotations } of all) {
    const shaded = annotations?.list?.map(({ expr = '' }) => /^lab_\w+/.exec(expr)?.[0])
    assert.deepEqual(shaded, ['lab_fault_active', 'lab_phase'], uid ?? '')
  }
})

test('panels do not overlap, fit the width, and are large enough to read', () => {
  for (const { uid, panels } of all) {
    const taken = new Map<string, string>()
    for (const { title, type, gridPos = { x: 0, y: 0, w: 0, h: 0 } } of panels) {
      const { x, y, w, h } = gridPos
      assert.ok(x >= 0 && x + w <= columns, `${uid}: ${title} fits`)
      assert.ok(w >= smallest.width, `${uid}: ${title} is wide enough`)
      assert.ok(h >= (type === 'text' ? smallest.textHeight : smallest.height), `${uid}: ${title} is high enough`)
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          const cell = `${column},${row}`
          assert.ok(!taken.has(cell), `${uid}: ${title} overlaps ${taken.get(cell)}`)
          taken.set(cell, title ?? '')
        }
      }
    }
  }
})

test('no two dashboards have the same address', () => {
  const uids = all.map(({ uid }) => uid)
  assert.equal(new Set(uids).size, uids.length)
})

test('the data source is the one that is provisioned, and scraped as often as its interval says', () => {
  const source = readFileSync(join(root, 'grafana/provisioning/datasources/prometheus.yaml'), 'utf8')
  const uid = source.match(/uid: (\S+)/)?.[1]
  for (const { panels, annotations } of all) {
    for (const { datasource } of [...panels.filter(({ type }) => type !== 'text'), ...(annotations?.list ?? [])]) {
      assert.equal(datasource?.uid, uid)
    }
  }
  const scraped = readFileSync(join(root, 'prometheus/prometheus.yml'), 'utf8').match(/scrape_interval: (\S+)/)?.[1]
  assert.equal(source.match(/timeInterval: (\S+)/)?.[1], scraped)
})

test('a line at a goal stands where slo.json says', () => {
  const { baseline, peak } = JSON.parse(readFileSync(join(root, 'slo.json'), 'utf8')).goals
  const latency = [baseline.latency_ms / 1000, peak.latency_ms / 1000]
  const errors = [baseline.error_ratio, peak.error_ratio]
  const panels = all.flatMap(({ panels }) => panels)
  const lines = (title: string) =>
    panels
      .filter((panel) => panel.title === title && panel.fieldConfig?.defaults.thresholds)
      .map((panel) =>
        panel.fieldConfig?.defaults.thresholds?.steps.map(({ value }) => value).filter((value) => value !== null),
      )
  assert.deepEqual(lines('Latency'), [latency])
  assert.deepEqual(lines('Latency, p95'), [latency])
  assert.deepEqual(lines('Errors'), [errors, errors])
})

test('docs/experiments.md says for every attack which panel shows its answer', async () => {
  const document = readFileSync(join(root, 'docs/experiments.md'), 'utf8')
  const [, section = ''] = document.split('### Where an attack is seen\n')
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([\w-]+)` +\| (.*?) +\|/gm)]
  const slo = loadSlo(join(root, 'slo.json'))
  const attacking: string[] = []
  for (const name of experimentNames()) {
    if ((await loadExperiment(name, slo)).phases.some(({ attack }) => attack)) attacking.push(name)
  }
  assert.deepEqual(rows.map(([, name]) => name).sort(), attacking)
  for (const [, name, seen = ''] of rows) {
    for (const [, dashboard = '', title] of seen.split('; ').map((one) => /^\*(\w+)\*: (.+)$/.exec(one) ?? [])) {
      const { panels } = all.find(({ uid }) => uid === dashboard.toLowerCase()) ?? {}
      assert.ok(
        panels?.some((panel) => panel.title === title),
        `${name} is to be seen on ${dashboard}: ${title}`,
      )
    }
  }
})

test('of every panel it is known at what event it must move', () => {
  const panels = all.flatMap(({ uid, panels }) =>
    panels.filter(({ type }) => type !== 'text').map(({ title }) => `${uid}, ${title}`),
  )
  assert.deepEqual(Object.values(about).flat().sort(), panels.sort())
})
