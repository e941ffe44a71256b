import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Result } from '../src/load/figures.ts'
import { placeDropped } from '../src/load/k6-load.ts'

/** What k6 reports of a hundred arrivals, ten a second from 5000 on, when it dropped these: it numbers the rest without a gap. */
function reported(dropped: number[]): Result[] {
  const sent = Array.from({ length: 100 }, (_, i) => i).filter((i) => !dropped.includes(i))
  return sent.map((number, i) => {
    const at = 5000 + number * 100 + (number % 3)
    return { kind: 'read', due: 5000 + i * 100, sent: at, done: at + 2, status: 200 }
  })
}
const moments = (numbers: number[]) => numbers.map((number) => 5000 + number * 100)

test('a request that follows dropped ones was due when it was sent, not earlier', () => {
  for (const dropped of [[], [30, 31, 32, 33], [10, 50, 51, 90], [0, 1, 2], [97, 98, 99]]) {
    const results = reported(dropped)
    assert.deepEqual(placeDropped(results, dropped.length, 5000, 100), moments(dropped))
    for (const { sent, due } of results) assert.ok(sent - due >= 0 && sent - due < 3, `${dropped}: ${sent - due} ms`)
  }
})

test('a generator that was late and dropped nothing stays late', () => {
  const results = reported([]).map((one) => ({ ...one, sent: one.sent + 500, done: one.done + 500 }))
  assert.deepEqual(placeDropped(results, 0, 5000, 100), [])
  assert.ok(results.every(({ sent, due }) => sent - due >= 500))
})

test('where nothing was sent all was dropped', () => {
  assert.deepEqual(placeDropped([], 3, 5000, 100), moments([0, 1, 2]))
})
