import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt } from '../src/load/client-policy.ts'
import { amplification, type DueCall, goodputPerSecond, recoverySeconds, total } from '../src/load/goodput.ts'

function call(due: number, ...attempts: [sent: number, done: number, status: number][]): DueCall {
  const made: Attempt[] = attempts.map(([sent, done, status]) => ({
    sent,
    done,
    status,
    ...(status === 0 && { error: 'timeout' }),
  }))
  return { due, status: made.at(-1)?.status ?? 0, attempts: made }
}

test('calls count where they were due, attempts where they were sent, waste where it ended', () => {
  const calls = [
    call(1_100, [1_100, 1_200, 200]),
    // Abandoned once, then a success within its patience of 2 s.
    call(1_500, [1_500, 2_500, 0], [2_600, 2_700, 201]),
    // A success, but too late for its user.
    call(1_900, [1_900, 2_900, 0], [2_950, 3_950, 200]),
    // Refused at once: no work was done for it. A second try is abandoned.
    call(2_100, [2_100, 2_101, 503], [2_102, 3_102, 0]),
    // A breaker sent nothing.
    call(2_200),
    // A final refusal is neither good nor wasted.
    call(3_000, [3_000, 3_010, 401]),
  ]
  const rows = goodputPerSecond(calls, 2_000, 1_000, 4)
  assert.deepEqual(rows, [
    { offered: 3, attempts: 3, good: 2, wasted: 0 },
    { offered: 2, attempts: 4, good: 0, wasted: 2 },
    { offered: 1, attempts: 1, good: 0, wasted: 2 },
    { offered: 0, attempts: 0, good: 0, wasted: 0 },
  ])
  assert.deepEqual(total(rows), { offered: 6, attempts: 8, good: 2, wasted: 4 })
  assert.equal(amplification(total(rows)), 8 / 6)
})

test('patience counts from when the call was due, to the millisecond, however late it was sent', () => {
  const good = (...attempt: [number, number, number]) => total(goodputPerSecond([call(0, attempt)], 1_000, 0, 5)).good
  assert.equal(good(10, 1_000, 200), 1)
  assert.equal(good(900, 1_001, 200), 0)
  assert.equal(good(10, 20, 302), 0)
})

test('what lies outside the watched seconds is left out', () => {
  const rows = goodputPerSecond([call(-1, [-1, 5, 200]), call(2_000, [2_000, 2_001, 200])], 1_000, 0, 2)
  assert.deepEqual(total(rows), { offered: 0, attempts: 0, good: 0, wasted: 0 })
})

test('goodput is back in the first second that begins lasting good ones', () => {
  const rows = (...good: number[]) => good.map((one) => ({ offered: 10, attempts: 10, good: one, wasted: 0 }))
  const seconds = rows(10, 0, 0, 9, 10, 3, 9, 9, 10, 10)
  assert.equal(recoverySeconds(seconds, 1), 5, 'two good seconds were a respite only')
  assert.equal(recoverySeconds(seconds, 1, 0.9, 2), 2)
  assert.equal(recoverySeconds(seconds, 6), 0)
  assert.equal(recoverySeconds(seconds, 1, 1, 2), 7)
  assert.equal(recoverySeconds(seconds, 8), undefined, 'too little was watched to tell')
  assert.equal(recoverySeconds(rows(10, 0, 0, 0, 0), 1), undefined)
})
