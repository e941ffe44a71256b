import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare } from '../src/commands/compare.ts'
import type { Journal } from '../src/runs/journal.ts'
import { generated, outageJournal } from './report-fixtures.ts'

/** A run of one phase with this p95 in every second. */
function run(p95_ms: number, change: Partial<Journal> = {}): Journal {
  const phases = [{ name: 'load', rate: 100, start_ms: 0, end_ms: 20_000 }]
  return { ...outageJournal(), happened: { phases, faults: [] }, seconds: generated(20, () => ({ p95_ms })), ...change }
}

/** The cells of the one row with this name. */
function row(text: string, name: string): string[] {
  const line = text.split('\n').find((one) => one.trim().startsWith(name))
  return line?.trim().split(/\s{2,}/) ?? []
}

test('two runs side by side: the difference, and that one run each cannot tell chance', () => {
  const text = compare([run(10)], [run(14)])
  assert.deepEqual(row(text, 'p95 ms'), ['p95 ms', '10', '14', '+4', '–', '?'])
  assert.match(text, /cannot be told/)
})

test('with repeats, a difference counts when it is larger than their spread', () => {
  const quiet = [run(10), run(11), run(12)]
  assert.deepEqual(row(compare(quiet, [run(14), run(14)]), 'p95 ms'), ['p95 ms', '11', '14', '+3', '2', 'yes'])
  // The same difference, but one side scatters.
  assert.deepEqual(row(compare(quiet, [run(9), run(14), run(30)]), 'p95 ms'), ['p95 ms', '11', '14', '+3', '21', 'no'])
  assert.deepEqual(row(compare([run(1000), run(1000)], [run(1001), run(1001)]), 'p95 ms').at(-1), 'no', 'under 1 %')
})

test('expectations that changed are told with what was measured, the others are not', () => {
  const [a, b] = [outageJournal(), outageJournal()]
  assert.match(compare([a], [b]), /No expectation changed\./)
  Object.assign(b.expectations[1] as object, { met: false, measured: '7 of 1989' })
  const text = compare([a], [b])
  assert.match(
    text,
    /outage: data requests answered 503\n +A: met in 1 of 1, measured 1989 of 1989\n +B: met in 0 of 1, measured 7 of 1989/,
  )
  assert.doesNotMatch(text, /acknowledged notes lost/)
})

test('phases and expectations that only one side has are told too', () => {
  const text = compare([outageJournal()], [run(10, { expectations: [] })])
  assert.match(text, /\nload\n/)
  assert.match(text, /acknowledged notes lost\n +A: met .*\n +B: not expected/)
})

test('phases of one name are compared in their order', () => {
  const twice = run(10)
  twice.happened.phases = [0, 10_000].map((start_ms) => ({
    name: 'recovery',
    rate: 1,
    start_ms,
    end_ms: start_ms + 10_000,
  }))
  assert.match(compare([twice], [twice]), /\nrecovery\n[\s\S]*\nrecovery \(2\)\n/)
})
