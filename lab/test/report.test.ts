import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportHtml } from '../src/report/report.ts'
import type { Journal } from '../src/runs/journal.ts'
import { generated, outageJournal } from './report-fixtures.ts'

/** What a reader of the page's text would find. */
function textOf(html: string): string {
  const body = html.slice(html.indexOf('<body>')).replace(/<script[\s\S]*?<\/script>/g, '')
  return body.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')
}

test('the verdict stands on top, with its reasons, before anything else is told', () => {
  const journal: Journal = { ...outageJournal(), verdict: 'INVALID', reasons: ['The load was not reached.'] }
  const text = textOf(reportHtml(journal))
  assert.match(
    text,
    /^ outage-chmod · embedded · 2026-11-22 17:42:25 UTC What do clients see .*\? INVALID The experiment itself went wrong/,
  )
  assert.ok(text.indexOf('The load was not reached.') < text.indexOf('Hypothesis'))
})

test('the outcome beside the hypothesis is told in measured figures', () => {
  const journal = outageJournal()
  journal.notes.lost = ['a', 'b']
  const text = textOf(reportHtml(journal))
  assert.ok(text.includes(journal.hypothesis))
  assert.match(text, /6 of 6 expectations were met/)
  assert.match(
    text,
    /chmod for 20 s: felt by a client after 8\.96 ms, \/health degraded after 28\.7 ms, first success 149 ms after its end/,
  )
  assert.match(text, /953 notes were acknowledged; 2 are lost/)
})

test('what could not be measured is said, not shown as a number', () => {
  const journal = outageJournal()
  Object.assign(journal.happened.faults[0] as object, {
    landed_ms: null,
    detected_after_ms: null,
    recovered_after_ms: null,
    intact: false,
  })
  journal.notes.lost = null
  const text = textOf(reportHtml(journal))
  assert.match(
    text,
    /chmod for 20 s \(somebody else ended it\): no client ever felt it, \/health never said degraded, no success after it/,
  )
  assert.match(text, /could not be read back/)
  assert.doesNotMatch(text, /NaN|null|undefined/)
})

test('of many faults the worst figures are told, and how many had none', () => {
  const journal = outageJournal()
  const [fault] = journal.happened.faults
  assert.ok(fault)
  journal.happened.faults = [fault, fault, fault, { ...fault, detected_after_ms: null, recovered_after_ms: 700 }]
  const text = textOf(reportHtml(journal))
  assert.match(
    text,
    /4 faults \(chmod\); at the worst, .* degraded after 28\.7 ms \(never in 1\), first success 700 ms after/,
  )
})

test('predictions are shown beside the measurement, and there is no such part when nobody guessed', () => {
  const journal = outageJournal()
  assert.match(
    textOf(reportHtml(journal)),
    /Predicted and measured .* What will p95 be in the outage\? 5000 ms 3\.1 ms/,
  )
  journal.predictions = []
  assert.doesNotMatch(textOf(reportHtml(journal)), /Predicted/)
})

test('the anomaly table grades this run, and the sweep is drawn only when there was a fault', () => {
  const faulted = reportHtml(outageJournal())
  assert.match(textOf(faulted), /the combination 1 of 1 100 % 1 s 0 0/)
  assert.match(faulted, /<polyline points="[\d., ]{20,}"/)
  const quiet = reportHtml({ ...outageJournal(), seconds: generated(60) })
  assert.match(textOf(quiet), /every alarm is a false one/)
  assert.doesNotMatch(quiet, /<polyline/)
})

test('a run of no seconds, of one second, and of missing values has a report', () => {
  for (const seconds of [
    [],
    generated(1),
    generated(40, () => ({ p95_ms: null, db_available: null, error_ratio: null })),
  ]) {
    const text = textOf(reportHtml({ ...outageJournal(), seconds }))
    assert.match(text, /Expected and measured/)
    assert.doesNotMatch(text, /NaN|undefined|Infinity/)
  }
})

test('the page allows itself no request: nothing but its own style and scripts, named by their hashes', () => {
  const html = reportHtml(outageJournal())
  const [, policy = ''] = /Content-Security-Policy" content="([^"]+)"/.exec(html) ?? []
  assert.match(
    policy,
    /^default-src &#39;none&#39;; style-src (&#39;sha256-[\w+/=]+&#39;); script-src( &#39;sha256-[\w+/=]+&#39;){5}; base-uri/,
  )
  assert.doesNotMatch(policy, /unsafe|http|\*/)
  assert.doesNotMatch(html, /(src|href)=|@import|url\(/)
})

test('the report of ten minutes is no larger than half a megabyte', () => {
  assert.ok(reportHtml({ ...outageJournal(), seconds: generated(600) }).length < 500_000)
})
