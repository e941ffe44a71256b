import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Browser, Page } from 'puppeteer-core'
import { chartData } from '../src/report/charts.ts'
import { reportHtml } from '../src/report/report.ts'
import type { Journal } from '../src/runs/journal.ts'
import { until } from './helpers.ts'
import { browser, noBrowser, open } from './report-browser.ts'
import { attacked, generated, outageJournal } from './report-fixtures.ts'

let chromium: Browser
const started = noBrowser ? undefined : browser({ after }).then((one) => (chromium = one))

type Drawn = { id: string; line: number; strip: number; left: number; width: number }
const script = readFileSync(join(import.meta.dirname, 'report-pixels.js'), 'utf8')

async function drawn(page: Page): Promise<Drawn[]> {
  return (await page.evaluate(script)) as Drawn[]
}

/** The charts in the colours of the theme that the page has now: they are drawn anew a moment after it changed. */
async function drawnAnew(page: Page): Promise<void> {
  await until('every chart has its lines', async () => (await drawn(page)).every(({ line }) => line > 100))
}

const charts = ['traffic', 'latency', 'errors', 'database', 'sides', 'scores']

for (const scheme of ['light', 'dark'] as const) {
  test(`${scheme}: every chart has its lines and its fault drawn, and nothing is asked for or complained about`, {
    skip: noBrowser,
  }, async (t) => {
    await started
    const { page, wrong } = await open(t, chromium, reportHtml(outageJournal()), { scheme })
    const found = await drawn(page)
    assert.deepEqual(
      found.map(({ id }) => id),
      charts,
    )
    for (const { id, line, strip } of found) {
      assert.ok(line > 100, `${id}: ${line} pixels of a line`)
      assert.ok(strip > 1000, `${id}: ${strip} pixels of the fault's strip`)
    }
    assert.deepEqual(wrong, [])
    const background = String(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
    const [red = 0] = background.match(/\d+/g)?.map(Number) ?? []
    assert.ok(scheme === 'dark' ? red < 64 : red > 192, background)
  })
}

test('what was sent is drawn last and dashed, so that no line hides it', () => {
  const [sent] =
    chartData(outageJournal())
      .charts.find(({ id }) => id === 'traffic')
      ?.lines.slice(-1) ?? []
  assert.deepEqual([sent?.name, sent?.dash], ['sent', true])
})

test('all charts stand on one time axis', { skip: noBrowser }, async (t) => {
  await started
  const { page } = await open(t, chromium, reportHtml(outageJournal()))
  const edges = (await drawn(page)).map(({ left, width }) => `${left} ${width}`)
  assert.equal(new Set(edges).size, 1, edges.join(', '))
})

test('a page that is switched to dark while it is open draws its charts anew', { skip: noBrowser }, async (t) => {
  await started
  const { page, wrong } = await open(t, chromium, reportHtml(outageJournal()))
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }])
  await drawnAnew(page)
  assert.deepEqual(wrong, [])
})

test('on a phone nothing is wider than the screen, and turning it fits the charts again', {
  skip: noBrowser,
}, async (t) => {
  await started
  const journal = outageJournal()
  const question = 'Which share of the data requests is answered 503 meanwhile, and how quickly?'
  journal.predictions = [{ question, unit: 'ms', guess: '5', measured: '3.1 ms', value: 3.1, why: 'quick' }]
  const { page, wrong } = await open(t, chromium, reportHtml(journal), { width: 360 })
  const tooWide = () => page.evaluate('document.documentElement.scrollWidth - innerWidth')
  assert.ok(Number(await tooWide()) <= 0)
  await page.setViewport({ width: 740, height: 360 })
  await page.waitForFunction('document.querySelector("canvas").clientWidth > 600')
  assert.ok(Number(await tooWide()) <= 0)
  assert.deepEqual(wrong, [])
})

test('the odd runs are drawn without a complaint: none, one second, gaps, zeros, ten minutes', {
  skip: noBrowser,
}, async (t) => {
  await started
  const odd = [
    [],
    generated(1),
    generated(40, (s) => (s % 2 ? { p95_ms: null, db_available: null, error_ratio: null, statuses: {} } : {})),
    generated(40, () => ({ p50_ms: 0, p95_ms: 0, p99_ms: 0, rate: 0, error_ratio: null })),
    generated(600),
  ]
  for (const seconds of odd) {
    const { wrong } = await open(t, chromium, reportHtml({ ...outageJournal(), seconds }))
    assert.deepEqual(wrong, [], `${seconds.length} seconds`)
  }
})

test('an attack is drawn with its cost, and its phase is shaded on every chart', { skip: noBrowser }, async (t) => {
  await started
  const journal = attacked(
    { phase: 'flood', name: 'flood', attempts: 50, statuses: { 0: 30, 408: 20 } },
    { attempts: { 0: 3, 408: 2 }, memory_mb: 150 },
  )
  const { page, wrong } = await open(t, chromium, reportHtml(journal))
  const found = await drawn(page)
  const shown = ['attack', 'traffic', 'latency', 'errors', 'memory', 'sides', 'scores']
  assert.deepEqual(
    found.map(({ id }) => id),
    shown,
  )
  for (const { id, line, strip } of found) {
    // There is nothing yet to score by in the first seconds of a run.
    assert.ok(line > 100 || id === 'scores', `${id}: ${line} pixels of a line`)
    assert.ok(strip > 1000, `${id}: ${strip} pixels of the strip`)
  }
  assert.deepEqual(wrong, [])
})

const evil = `</script><script>window.hacked=1;alert(1)</script><img src=x onerror="window.hacked=1;alert(2)">'"&lt;{{x}}`

/** The same value with every string in it replaced, names of properties in `statuses` too. */
function poisoned<T>(value: T, key = ''): T {
  if (typeof value === 'string') return evil as T
  if (Array.isArray(value)) return value.map((one) => poisoned(one)) as T
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, one]) => [
    key === 'statuses' ? `${name}${evil}` : name,
    poisoned(one, name),
  ])
  return Object.fromEntries(entries)
}

test('hostile strings in every field of the journal are shown as text', { skip: noBrowser }, async (t) => {
  await started
  const attack = { phase: 'chmod', name: 'flood', attempts: 9, statuses: { 0: 9 } }
  const friendly = { ...outageJournal(), attacks: [attack] }
  const journal: Journal = poisoned(friendly)
  const scripts = (html: string) => html.match(/<script/g)?.length
  const html = reportHtml(journal)
  assert.equal(scripts(html), scripts(reportHtml(friendly)))
  const { page, wrong } = await open(t, chromium, html)
  const seen = (await page.evaluate(`({
    hacked: 'hacked' in window,
    images: document.images.length,
    text: document.body.innerText,
    title: document.title,
  })`)) as { hacked: boolean; images: number; text: string; title: string }
  assert.deepEqual([seen.hacked, seen.images], [false, 0])
  assert.ok(seen.text.split(evil).length > 20, 'it stands there as it was written')
  assert.ok(seen.title.includes(evil))
  assert.deepEqual(wrong, [])
})
