import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { experimentNames, loadExperiment } from '../../lab/src/runner/experiment.ts'
import { loadSlo } from '../../lab/src/slo.ts'
import { dashboards, pages } from '../src/all.ts'
import { artifacts } from '../src/artifacts.ts'
import { names } from '../src/page.ts'
import { rules } from '../src/rules.ts'
import { exprOf, queriesOf } from './queries.ts'

const root = join(import.meta.dirname, '../..')
const all = dashboards().map((dashboard) => ({ ...dashboard, panels: dashboard.panels as Panel[] }))
const withData = all.filter(({ uid }) => uid !== 'runbook' && uid !== 'glossary')
const columns = 24
// A column is 53 pixels wide on a screen of 1,280 pixels; a row is 30 pixels high with 8 pixels between rows.
const smallest = { width: 5, height: 4 }
const linePixels = 22

type Step = { value: number | null; color: string }
type Mapping = { options: Record<string, { text: string; color: string }> }
const stepsOf = (panel: Panel) => (panel.fieldConfig?.defaults.thresholds?.steps ?? []) as Step[]

test('generated files are not stale', () => {
  for (const [file, content] of artifacts()) {
    const stale = `${file} is stale; run: make dashboards`
    assert.equal(readFileSync(join(root, file), 'utf8'), content, stale)
  }
})

test('the folder of dashboards holds generated files only', () => {
  const made = artifacts().map(([file]) => file)
  for (const name of readdirSync(join(root, 'grafana/dashboards'))) {
    assert.ok(made.includes(`grafana/dashboards/${name}`), name)
  }
})

test('dashboards have an order, a tag, a folder, the last five minutes, and links to all others', () => {
  all.forEach(({ uid, title, tags, time, refresh, links }, index) => {
    const name = Object.entries(names)[index]
    assert.equal(uid, name?.[0])
    assert.match(title ?? '', new RegExp(`^${index + 1}\\. [A-Z].*\\?$`))
    // A word of the button stands in the title.
    const word =
      (name?.[1] ?? '')
        .split(' ')[0]
        ?.toLowerCase()
        .replace(/(ies|s)$/, '') ?? '-'
    assert.ok(title?.toLowerCase().includes(word), `${title} has the word of its button, ${name?.[1]}`)
    assert.ok(Number(title?.length) <= 36, `${title} fits into the head of a page of 1,400 pixels`)
    assert.deepEqual([tags, time, refresh], [['systems-thinking-lab'], { from: 'now-5m', to: 'now' }, '5s'])
    assert.deepEqual(
      links?.map((link) => [link.url, link.title.slice(0, 2), link.keepTime, link.includeVars]),
      all.map((other, i) => [`/d/${other.uid}`, `${i + 1} `, true, true]),
    )
  })
  assert.match(readFileSync(join(root, 'grafana/provisioning/dashboards/files.yaml'), 'utf8'), /^ {4}folder: \S/m)
})

test('no dashboard names an address of this machine, where every port can be moved', () => {
  for (const dashboard of all)
    assert.doesNotMatch(JSON.stringify(dashboard), /https?:\/\/(localhost|127)/, dashboard.uid ?? '')
})

test('nothing is hidden in the menu of controls, where Grafana 13 shows no links', () => {
  for (const dashboard of all) assert.doesNotMatch(JSON.stringify(dashboard), /inControlsMenu/, dashboard.uid ?? '')
})

test('each dashboard begins with how to read it and has at most nine panels', () => {
  for (const { uid, panels } of withData) {
    assert.equal(panels[0]?.type, 'text')
    assert.ok(panels.length <= 9, `${uid} has ${panels.length} panels`)
  }
})

test('no text is cut off on a screen of 390 pixels', () => {
  for (const { uid, panels } of all) {
    for (const { options, gridPos, title } of panels.filter(({ type }) => type === 'text')) {
      const parts = String(options?.content)
        .replaceAll(/\*\*|\]\(.*?\)/g, '')
        .split('\n\n')
      const lines = parts.reduce((sum, part) => sum + Math.ceil(part.length / 44), parts.length - 1)
      const pixels = Number(gridPos?.h) * 38 - 8 - (title ? 32 : 0)
      assert.ok(lines * linePixels + 12 <= pixels, `${uid}, ${title}: ${lines} lines in ${pixels} pixels`)
    }
  }
})

test('no name of a row is cut off on a screen of 390 pixels', () => {
  const alerts = rules().flatMap(({ alert }) => alert ?? [])
  const rows = all.flatMap(({ panels }) => panels.filter(({ type }) => type === 'state-timeline'))
  for (const target of rows.flatMap(({ targets = [] }) => targets)) {
    const { legendFormat = '' } = target as { legendFormat?: string }
    const [, short = '', long = ''] = /, "(\$1.*?)", "alertname", "(.*?)"/.exec(exprOf(target)) ?? []
    const shown = alerts.map((alert) => alert.replace(new RegExp(`^${long || 'none'}$`), short))
    for (const name of legendFormat === '{{alertname}}' ? shown : [legendFormat]) assert.ok(name.length <= 20, name)
  }
})

test('every panel says what it shows, what is good, and in which unit', () => {
  const panels = withData.flatMap(({ panels }) => panels).filter(({ type }) => type !== 'text')
  for (const { title = '', description, fieldConfig, options, gridPos } of panels) {
    assert.match(title, /\w{4}/)
    // A column is 33 pixels wide on a screen of 800 pixels.
    assert.ok(title.length * 8 <= Number(gridPos?.w) * 33 - 40, `${title} fits above its panel at 800 pixels`)
    assert.match(
      description ?? '',
      /^.{40,}[.?]\n\n\*\*Good:\*\* .+\.(\n\n\*\*Words:\*\* .+)?$/,
      `${title} is described`,
    )
    assert.ok(fieldConfig?.defaults.unit ?? options?.yAxis?.unit, `${title} has a unit`)
  }
  const queries = all.flatMap((dashboard) => queriesOf(dashboard))
  console.log(`${all.length} dashboards, ${panels.length} panels with data, ${queries.length} queries`)
})

test('faults and load are shaded on every dashboard, in different colours that the introduction explains', () => {
  for (const { uid, annotations, panels } of withData) {
    const list = annotations?.list ?? []
    assert.deepEqual(
      list.map(({ target }) => /^lab_\w+/.exec(exprOf(target))?.[0]),
      ['lab_fault_active', 'lab_phase'],
    )
    const bands = list.map(({ name }) => /\((\w+)\)/.exec(name)?.[1] ?? '-')
    assert.equal(new Set(list.map(({ iconColor }) => iconColor)).size, 2)
    for (const color of bands) assert.match(String(panels[0]?.options?.content), new RegExp(color, 'i'), uid ?? '')
  }
})

test('panels do not overlap, fit the width, and are large enough to read', () => {
  for (const { uid, panels } of all) {
    const taken = new Map<string, string>()
    for (const { title, gridPos = { x: 0, y: 0, w: 0, h: 0 }, type } of panels) {
      const { x, y, w, h } = gridPos
      assert.ok(x >= 0 && x + w <= columns, `${uid}: ${title} fits`)
      assert.ok(w >= smallest.width, `${uid}: ${title} is wide enough`)
      assert.ok(h >= smallest.height || type === 'text', `${uid}: ${title} is high enough`)
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

test('the data source is the provisioned one, and its interval is that of the scrapes', () => {
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

// A goal is a series of its own, so it has a legend and is never outside the axis.
test('goals of slo.json are labelled lines, and limits of the table', () => {
  const { goals, outage } = JSON.parse(readFileSync(join(root, 'slo.json'), 'utf8'))
  const latency = [goals.baseline.latency_ms / 1000, goals.peak.latency_ms / 1000]
  const errors = [goals.baseline.error_ratio, goals.peak.error_ratio]
  const lines = (uid: string, title: string) =>
    pages()
      .find(({ dashboard }) => dashboard.uid === uid)
      ?.panels.find((panel) => panel.title === title)
      ?.lines.filter(({ name }) => name.startsWith('goal'))
      .map(({ expr }) => Number(/^vector\((.+)\)$/.exec(expr)?.[1]))
  assert.deepEqual(lines('overview', 'Latency of successful requests'), latency)
  assert.deepEqual(lines('overview', 'Error ratio'), errors)
  assert.deepEqual(lines('clients', 'Latency, p95'), latency)
  assert.deepEqual(lines('clients', 'Error ratio'), errors)
  assert.deepEqual(lines('attacks', 'Latency of the other clients (p95)'), latency.slice(0, 1))
  assert.deepEqual(lines('outage', 'Latency of successes and refusals (p99)'), [outage.refusal_p99_ms / 1000])
  const table = all.flatMap(({ panels }) => panels).find(({ type }) => type === 'table')
  const limits = table?.fieldConfig?.overrides.flatMap(({ properties }) =>
    properties.flatMap(({ id, value }) => (id === 'thresholds' ? (value as { steps: Step[] }).steps[1]?.value : [])),
  )
  assert.deepEqual(limits, [outage.degraded_within_ms / 1000, outage.recovered_within_ms / 1000])
})

test('the home page says in one tile whether all is right', () => {
  const [, tile] = all[0]?.panels ?? []
  assert.deepEqual(
    tile?.targets?.map((target) => (target as { expr?: string }).expr),
    ['api:service:state'],
  )
  const [{ options } = { options: {} }] = (tile?.fieldConfig?.defaults.mappings ?? []) as Mapping[]
  assert.deepEqual(Object.keys(options), ['0', '1', '2'])
  assert.equal(new Set(Object.values(options).map(({ color }) => color)).size, 3)
  assert.equal(stepsOf(tile as Panel).length, 1)
})

test('trouble found, missed and invented differ in colour, and the band of a ratio ends at 1', () => {
  const panels = all.find(({ uid }) => uid === 'anomalies')?.panels ?? []
  const states = panels.find(({ type }) => type === 'state-timeline')?.fieldConfig?.defaults.mappings as Mapping[]
  const colors = states.flatMap(({ options }) => Object.values(options).map(({ color }) => color))
  assert.deepEqual([colors.length, new Set(colors).size], [5, 5])
  const [upper] = panels.find(({ title }) => title === 'Error ratio')?.targets ?? []
  assert.match(exprOf(upper), /^clamp_max\(.*, 1\)$/)
})

test('an error budget that is spent is said in a word, in red', () => {
  const tile = all[0]?.panels.find(({ title }) => title?.startsWith('Error budget'))
  const [{ options } = { options: {} }] = (tile?.fieldConfig?.defaults.mappings ?? []) as Mapping[]
  const colors = stepsOf(tile as Panel).map(({ color }) => color)
  assert.deepEqual(Object.keys(options), ['0'])
  assert.ok(!colors.includes(options[0]?.color ?? ''), 'of no value above 0')
})

test('a firing alert links to its section of the runbook and to its dashboard', () => {
  const home = all[0]?.panels.find(({ title }) => title?.startsWith('Alerts'))
  const runbook = all.find(({ uid }) => uid === 'runbook')
  const linked = (home?.fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) =>
    properties
      .filter(({ id }) => id === 'links')
      .map(({ value }) => ({ alert: matcher.options, links: value as { url: string }[] })),
  )
  const headings = [...readFileSync(join(root, 'docs/runbook.md'), 'utf8').matchAll(/^## ([A-Z]\w+[A-Z]\w+)$/gm)]
  assert.deepEqual(linked.map(({ alert }) => alert).sort(), headings.map(([, alert]) => alert).sort())
  for (const { alert, links } of linked) {
    const id = Number(/viewPanel=(\d+)$/.exec(links[0]?.url ?? '')?.[1])
    assert.equal(runbook?.panels.find((panel) => panel.id === id)?.title, alert)
    assert.ok(all.some(({ uid }) => links[1]?.url === `/d/${uid}`))
  }
})

test('a word of the glossary in the description of a panel links to its meaning', () => {
  const glossary = all.find(({ uid }) => uid === 'glossary')
  const written = [...readFileSync(join(root, 'docs/glossary.md'), 'utf8').matchAll(/^<a id=.*\*\*(.+)\*\*: /gm)]
  assert.deepEqual(
    glossary?.panels.slice(1).map(({ title }) => title),
    written.map(([, word]) => word),
  )
  let links = 0
  for (const { description = '', title = '' } of withData.flatMap(({ panels }) => panels)) {
    for (const [, word, id] of description.matchAll(/\[([^\]]+)\]\(\/d\/glossary\?viewPanel=(\d+)\)/g)) {
      assert.equal(glossary?.panels.find((panel) => panel.id === Number(id))?.title, word, title)
      links++
    }
    if (/\bp95\b/.test(title)) assert.match(description, /\[p50, p95, p99\]/, title)
  }
  console.log(`${links} links to the glossary`)
})

test('docs/experiments.md says for every attack which panel shows its answer', async () => {
  const document = readFileSync(join(root, 'docs/experiments.md'), 'utf8')
  const [, section = ''] = document.split('\n## Attacks\n')
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([\w-]+)` \|.*\| (\*.*?) \|$/gm)]
  const slo = loadSlo(join(root, 'slo.json'))
  const attacking: string[] = []
  for (const name of experimentNames()) {
    if ((await loadExperiment(name, slo)).phases.some(({ attack }) => attack)) attacking.push(name)
  }
  assert.deepEqual(rows.map(([, name]) => name).sort(), attacking.sort())
  for (const [, name, seen = ''] of rows) {
    for (const [, dashboard = '', title] of seen.split('; ').map((one) => /^\*(\w+)\*: (.+)$/.exec(one) ?? [])) {
      const { panels } = all.find(({ uid }) => uid === dashboard.toLowerCase()) ?? {}
      assert.ok(
        panels?.some((panel) => panel.title === title),
        `${name} is shown on ${dashboard}: ${title}`,
      )
    }
  }
})
