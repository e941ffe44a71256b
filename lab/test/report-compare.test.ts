import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare } from '../src/commands/compare.ts'
import type { Journal } from '../src/runs/journal.ts'
import { generated, outageJournal } from './report-fixtures.ts'

/** A run of one phase with this p95. */
function run(
  p95_ms: number,
  change: Partial<Journal> = {},
  more: Partial<Journal['happened']['phases'][number]['figures']> = {},
): Journal {
  const counts = { due: 2000, sent: 2000, answered: 2000, failed: 0, error_ratio: 0, rate: 100 }
  const figures = { ...counts, p50_ms: 1, p95_ms, p99_ms: 900, max_ms: 950, ...more }
  const phases = [{ name: 'load', rate: 100, start_ms: 0, end_ms: 20_000, figures }]
  return { ...outageJournal(), happened: { phases, faults: [] }, seconds: generated(20), ...change }
}

/** The cells of every row that begins with these words. */
function rows(text: string, name: string): string[][] {
  const lines = text.split('\n').filter((one) => one.trim().startsWith(name))
  return lines.map((line) => line.trim().split(/\s{2,}/))
}

const all = (text: string, name: string) => rows(text, name).at(-1)

test('two runs side by side: the difference, and that one run each cannot tell chance', () => {
  const text = compare(run(10), run(14))
  assert.deepEqual(all(text, 'load: p95 ms'), ['load: p95 ms', '10', '14', '+4'])
})

test('what differs most comes first: the largest ratio on top, and nothing that is nearly equal', () => {
  const text = compare(run(10), run(40, {}, { failed: 1990, error_ratio: 0.995, p99_ms: 950 }))
  const found = text.split('\n').filter((line) => line.startsWith('load: '))
  assert.deepEqual(
    found.map((line) => line.trim().split(/\s{2,}/)[0]),
    ['load: failed', 'load: failed %', 'load: p95 ms'],
  )
})

test('chmod and lock under the same phases: the faults, and the figures of the outage, are shown as different', () => {
  const [chmod, lock] = [outageJournal(), outageJournal()]
  const [fault] = lock.happened.faults
  assert.ok(fault)
  lock.planned.faults = [{ kind: 'lock', at_s: 30, for_s: 20 }]
  lock.happened.faults = [{ ...fault, kind: 'lock', recovered_after_ms: 1490 }]
  const text = compare(chmod, lock)
  lock.environment.settings = { BUSY_TIMEOUT_MS: '5000' }
  assert.match(text, /faults: A chmod for 20 s; B lock for 20 s/)
  assert.match(compare(chmod, lock), /settings: A .*; B BUSY_TIMEOUT_MS=5000/)
  assert.deepEqual(rows(text, 'outage: back after ms')[0]?.slice(1, 4), ['149', '1,490', '+1,341'])
})

test('expectations that changed are shown with what was measured, the others are not', () => {
  const [a, b] = [outageJournal(), outageJournal()]
  assert.doesNotMatch(compare(a, b), /met, 1989/)
  Object.assign(b.expectations[1] as object, { met: false, measured: '7 of 1989' })
  const text = compare(a, b)
  assert.match(text, /A: met, 1989 of 1989\n +B: not met, 7 of 1989/)
  assert.doesNotMatch(text, /acknowledged notes lost/)
})

test('no sentence is wider than a terminal', () => {
  const [a, b] = [outageJournal(), outageJournal()]
  const words = 'a measure with a long title of many words'
  b.expectations = b.expectations.map((one) => ({
    ...one,
    met: !one.met,
    measured: `${one.measured}: ${words} ${words}`,
  }))
  const text = compare(a, b)
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line)
})

test('phases and expectations that only one side has are not compared', () => {
  const b = run(10)
  b.expectations = b.expectations.slice(0, 1).map((one) => ({ ...one, phase: 'load', met: false }))
  const text = compare(outageJournal(), b)
  assert.equal(rows(text, 'before: p95 ms').length + rows(text, 'load: ').length, 0)
  assert.match(text, /no phase in common/)
  assert.doesNotMatch(compare(b, b), /no phase in common/)
  assert.doesNotMatch(text, /A: (not )?met/)
})
