import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { chartData } from '../src/report/charts.ts'
import { reportHtml } from '../src/report/report.ts'
import { offBy, serviceStory, verdictWords } from '../src/report/story.ts'
import { phaseRows } from '../src/report/tables.ts'
import { root } from './helpers.ts'
import { attacked, generated, outageJournal } from './report-fixtures.ts'

/** What a reader of the page's text would find. */
function textOf(html: string): string {
  const body = html.slice(html.indexOf('<body>')).replace(/<script[\s\S]*?<\/script>/g, '')
  return body.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')
}

test('the verdict judges the prediction; how the service did is said apart from it', () => {
  const journal = outageJournal()
  assert.match(verdictWords(journal), /6 of 6/)
  assert.notEqual(verdictWords({ ...journal, verdict: 'FAIL' }), verdictWords(journal))
  const [outage] = serviceStory(journal)
  // A phase in which everything failed, in figures: the requests, the status, the fault.
  for (const figure of ['1,999 of 2,001', '(503)', '8.96 ms', '28.7 ms', '149 ms'])
    assert.ok(outage?.includes(figure), `${figure} is not in: ${outage}`)
  const text = textOf(reportHtml(journal))
  assert.ok(text.indexOf(verdictWords(journal)) < text.indexOf(outage ?? 'none'))
})

test('a run in which nothing failed says how many requests were served', () => {
  const journal = attacked({ phase: 'flood', name: 'flood', attempts: 1, statuses: { 401: 1 } }, {})
  assert.match(serviceStory(journal)[0] ?? '', /2,000/)
})

test('a run that ended in its warm-up does not claim that all requests were served', () => {
  const journal = outageJournal()
  Object.assign(journal.happened, { phases: journal.happened.phases.slice(0, 1), faults: [] })
  Object.assign(journal.happened.phases[0] as object, { warm_up: true })
  assert.deepEqual(serviceStory(journal), [])
})

test('the reasons of a verdict come before the hypothesis', () => {
  const text = textOf(reportHtml({ ...outageJournal(), verdict: 'INVALID', reasons: ['The load was not reached.'] }))
  assert.ok(text.indexOf('The load was not reached.') < text.indexOf('Hypothesis'))
})

test('what could not be measured is said, not shown as a number', () => {
  const journal = outageJournal()
  const missing = { landed_ms: null, detected_after_ms: null, recovered_after_ms: null, intact: false }
  Object.assign(journal.happened.faults[0] as object, missing)
  journal.notes.lost = null
  const [outage = ''] = serviceStory(journal)
  assert.match(outage, /chmod for 20 s/)
  for (const figure of ['8.96 ms', '28.7 ms', '149 ms'])
    assert.ok(!outage.includes(figure), `${figure} is in: ${outage}`)
  const text = textOf(reportHtml(journal))
  assert.doesNotMatch(text, /NaN|null|undefined/)
  assert.notEqual(text, textOf(reportHtml({ ...journal, notes: { ...journal.notes, lost: [] } })))
})

test('of many faults the worst figures are said, and how many had none', () => {
  const journal = outageJournal()
  const [fault] = journal.happened.faults
  assert.ok(fault)
  journal.happened.faults = [fault, fault, fault, { ...fault, detected_after_ms: null, recovered_after_ms: 700 }]
  const story = serviceStory(journal).join(' ')
  assert.match(story, /\b4\b.*chmod.* 28\.7 ms .*\b1\b.* 700 ms/)
})

const guesses: [string, string, number | null, RegExp][] = [
  ['5000', 'ms', 3.1, /1,613.*high/],
  ['2', 'ms', 3.1, /1\.55.*low/],
  ['3', 'ms', 3.1, /^close/],
  ['2.5', 'ms', 2.5, /exactly/],
  ['0', '%', 100, /100.*low/],
  ['503', '', 200, /^wrong/],
  ['?', 'ms', 3, /^no /],
  ['3', 'ms', null, /nothing/],
]
for (const [guess, unit, value, expected] of guesses) {
  test(`a guess of ${guess} ${unit} is compared with ${value}`, () => {
    assert.match(offBy({ guess, unit, value }), expected)
  })
}

test('predictions are shown beside the measurement, with one unit each; without guesses there is no such part', () => {
  const journal = outageJournal()
  journal.predictions = [{ question: 'p95?', unit: 'ms', guess: '5000', measured: '3.1 ms', value: 3.1, why: 'quick' }]
  assert.match(textOf(reportHtml(journal)), /p95\? 5000 ms 3\.1 ms .*1,613.* quick/)
  journal.predictions = []
  assert.doesNotMatch(reportHtml(journal), /<th scope="col">guess/)
})

test('the figures of a phase are those of the journal', () => {
  const journal = outageJournal()
  const figures = { due: 7, sent: 7, answered: 6, failed: 1, error_ratio: 1 / 7, rate: 0.35, max_ms: 98.7654 }
  Object.assign(journal.happened.phases[1] as object, { figures: { ...figures, p50_ms: 1, p95_ms: 2, p99_ms: 28.7 } })
  const [, outage] = phaseRows(journal)
  assert.deepEqual([outage?.p99_ms, outage?.due], [28.7, 7])
  // What the API said is made from the seconds of the phase.
  assert.deepEqual([outage?.server_p95_ms, outage?.event_loop_delay_ms, outage?.db_errors], [0.96, 0.4, 2400])
  assert.match(textOf(reportHtml(journal)), /outage 20 7 6 1 14\.3 % 1 2 28\.7 98\.8 /)
})

test('the anomaly table grades this run; without trouble there is nothing to be found', () => {
  assert.match(textOf(reportHtml(outageJournal())), /the combination 1 of 1 100 % 1 s [\d.]+ % 0 0/)
  assert.match(textOf(reportHtml({ ...outageJournal(), seconds: generated(60) })), /the combination – – – – 0 0/)
})

test('a run of no seconds, of one second, and of missing values has a report', () => {
  const gaps = { p95_ms: null, db_available: null, error_ratio: null }
  for (const seconds of [[], generated(1), generated(40, () => gaps)]) {
    const text = textOf(reportHtml({ ...outageJournal(), seconds }))
    for (const { name } of outageJournal().happened.phases) assert.ok(text.includes(name), name)
    assert.doesNotMatch(text, /NaN|undefined|Infinity/)
  }
})

test('every chart has its place in the page', () => {
  const attack = { phase: 'flood', name: 'flood', attempts: 50, statuses: { 0: 30 } }
  for (const journal of [outageJournal(), attacked(attack, { attempts: { 0: 3 }, memory_mb: 150 })]) {
    const html = reportHtml(journal)
    for (const { id } of chartData(journal).charts) assert.ok(html.includes(`<figure id="${id}">`), id)
  }
})

test('every word that the report links is explained in it', () => {
  const html = reportHtml({ ...outageJournal(), verdict: 'INVALID' })
  const links = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id = '']) => id)
  assert.ok(links.length > 10)
  for (const id of links) assert.ok(html.includes(`<dt id="${id}">`), id)
})

test('every word of docs/glossary.md is in the report, once', () => {
  const file = readFileSync(join(root, 'docs', 'glossary.md'), 'utf8')
  const ids = [...file.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)
  assert.ok(ids.length > 15)
  const found = [...reportHtml(outageJournal()).matchAll(/<dt id="word-([^"]+)">/g)].map(([, id]) => id)
  assert.deepEqual(found, ids)
  assert.equal(new Set(ids).size, ids.length)
})

test('the page allows itself no request: nothing but its own style and scripts, named by their hashes', () => {
  const html = reportHtml(outageJournal())
  const [, policy = ''] = /Content-Security-Policy" content="([^"]+)"/.exec(html) ?? []
  assert.match(
    policy,
    /^default-src &#39;none&#39;; style-src (&#39;sha256-[\w+/=]+&#39;); script-src( &#39;sha256-[\w+/=]+&#39;){2}; base-uri/,
  )
  assert.doesNotMatch(policy, /unsafe|http|\*/)
  assert.doesNotMatch(html, /(src|href)="(?!#)|@import|url\(/)
})

test('the report of ten minutes is no larger than half a megabyte', () => {
  assert.ok(reportHtml({ ...outageJournal(), seconds: generated(600) }).length < 500_000)
})
