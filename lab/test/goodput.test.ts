import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt, Result } from '../src/load/figures.ts'
import { goodputOf, goodputPerSecond, recoverySeconds } from '../src/load/goodput.ts'

function call(due: number, ...attempts: [sent: number, done: number, status: number][]): Result {
  const made = attempts.map(
    ([sent, done, status]): Attempt => ({ sent, done, status, ...(status === 0 && { error: 'timeout' }) }),
  )
  const { sent, done, status, error } = made.at(-1) ?? { sent: due, done: due, status: 0, error: 'breaker open' }
  return { kind: 'read', due, sent: made[0]?.sent ?? sent, done, status, ...(error && { error }), attempts: made }
}

test('first tries count where they were due, attempts where they were sent, abandoned ones where they ended', () => {
  const calls = [
    call(1_100, [1_100, 1_200, 200]),
    // Abandoned once, then a success.
    call(1_500, [1_500, 2_500, 0], [2_600, 2_700, 201]),
    call(1_900, [1_900, 2_900, 0], [2_950, 3_950, 0]),
    // Refused at once: no work was done for it. A second try is abandoned.
    call(2_100, [2_100, 2_101, 503], [2_102, 3_102, 0]),
    call(2_200),
    // A final refusal is neither good nor abandoned.
    call(3_000, [3_000, 3_010, 401]),
  ]
  const rows = goodputPerSecond(calls, [4_500], 1_000, 4)
  assert.deepEqual(rows, [
    { offered: 3, attempts: 3, good: 2, abandoned: 0 },
    { offered: 2, attempts: 4, good: 0, abandoned: 2 },
    { offered: 1, attempts: 1, good: 0, abandoned: 2 },
    { offered: 1, attempts: 0, good: 0, abandoned: 0 },
  ])
  assert.deepEqual(goodputOf(calls, 1), { offered: 7, attempts: 8, good: 2, abandoned: 4 })
})

test('without a policy the one request is the attempt', () => {
  const plain: Result = { kind: 'read', due: 0, sent: 1, done: 5, status: 200 }
  const late: Result = { ...plain, due: 900, sent: 1_001, done: 11_001, status: 0, error: 'timeout' }
  assert.deepEqual(goodputPerSecond([plain, late], [], 0, 2), [
    { offered: 2, attempts: 1, good: 1, abandoned: 0 },
    { offered: 0, attempts: 1, good: 0, abandoned: 0 },
  ])
})

test('what lies outside the watched seconds is left out', () => {
  const rows = goodputPerSecond([call(-1, [-1, 5, 200]), call(2_000, [2_000, 2_001, 200])], [-1, 2_000], 0, 2)
  for (const row of rows) assert.deepEqual(row, { offered: 0, attempts: 0, good: 0, abandoned: 0 })
})

test('goodput is back in the first second that begins lasting good ones', () => {
  const rows = (...good: number[]) => good.map((one) => ({ offered: 10, attempts: 10, good: one, abandoned: 0 }))
  const seconds = rows(0, 0, 9, 10, 3, 9, 9, 10, 10)
  assert.equal(recoverySeconds(seconds), 5, 'two good seconds were a respite only')
  assert.equal(recoverySeconds(seconds.slice(5)), 0)
  assert.equal(recoverySeconds(seconds.slice(7)), undefined, 'too little was watched to tell')
  assert.equal(recoverySeconds(rows(0, 0, 0, 0)), undefined)
})
