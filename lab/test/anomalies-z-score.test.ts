import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defaults, deviations, score, type Tuning } from '../src/anomalies/detect.ts'

test('a z-score counts standard deviations from the mean', () => {
  // Mean 5, standard deviation 2.
  assert.equal(deviations('mean', 11, [2, 4, 4, 4, 5, 5, 7, 9], 0.1), 3)
  assert.equal(deviations('mean', 1, [2, 4, 4, 4, 5, 5, 7, 9], 0.1), -2)
})

test('the robust score counts median deviations, and one wild second in the baseline does not move it', () => {
  const calm = [1, 2, 3, 4, 5]
  assert.ok(Math.abs(deviations('median', 3 + 1.4826 * 2, calm, 0.1) - 2) < 1e-12)
  assert.equal(deviations('median', 9, [1, 2, 3, 4, 5000], 0.1), deviations('median', 9, calm, 0.1))
  assert.notEqual(deviations('mean', 9, [1, 2, 3, 4, 5000], 0.1), deviations('mean', 9, calm, 0.1))
})

test('a baseline without any deviation gives finite scores: the floor stands in', () => {
  assert.equal(deviations('mean', 1, [0, 0, 0], 0.1), 10)
  assert.equal(deviations('median', 1, [0, 0, 0], 0.1), 10)
  assert.equal(deviations('mean', 0, [0, 0, 0], 0), 0)
})

// No score of such series is exactly this: rounding must not decide what is an alarm.
const threshold = 4.123456
// Whole numbers, so that shifting and scaling by them loses no digits.
const seriesOf = fc.array(fc.option(fc.integer({ min: -1000, max: 1000 }), { freq: 20 }), {
  minLength: 20,
  maxLength: 120,
})

for (const method of ['mean', 'median'] as Tuning['method'][]) {
  test(`shifting or scaling a series changes no score (${method})`, () => {
    fc.assert(
      fc.property(
        seriesOf,
        fc.integer({ min: -10_000, max: 10_000 }),
        fc.integer({ min: 1, max: 1000 }),
        (values, shift, scale) => {
          const tuning = { ...defaults, threshold, method }
          const before = score(values, 3, tuning)
          // The floor has the unit of the series, so it is scaled with it.
          const moved = values.map((value) => (value === null ? null : value * scale + shift))
          const after = score(moved, 3 * scale, tuning)
          before.scores.forEach((one, i) => {
            const other = after.scores[i] ?? null
            assert.equal(one === null, other === null)
            assert.ok(Math.abs((one ?? 0) - (other ?? 0)) < 1e-6, `second ${i}: ${one} became ${other}`)
          })
        },
      ),
      { seed: 12 },
    )
  })

  test(`turning a series upside down turns only the sign of its scores (${method})`, () => {
    fc.assert(
      fc.property(seriesOf, (values) => {
        const tuning = { ...defaults, threshold, method }
        const before = score(values, 3, tuning)
        const after = score(
          values.map((value) => (value === null ? null : -value)),
          3,
          tuning,
        )
        assert.deepEqual(after.alarms, before.alarms)
      }),
      { seed: 12 },
    )
  })
}

test('a score depends on nothing that comes later, and the present is not in its own baseline', () => {
  const calm = Array.from({ length: 40 }, (_, i) => i % 2)
  const spike = score([...calm, 100], 0.1)
  // Were the 100 in its own baseline, the deviation would swallow it.
  assert.ok((spike.scores[40] ?? 0) > 100)
  assert.deepEqual(score([...calm, 100, 7, 7], 0.1).scores.slice(0, 41), spike.scores)
})

test('nothing is scored before the baseline has ten values; missing ones are not values', () => {
  const values = [1, null, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]
  const { scores } = score(values, 1)
  assert.deepEqual(scores.slice(0, 11), Array(11).fill(null))
  assert.notEqual(scores[11], null)
})

test('a fault of four minutes is not learnt as normal: alarmed seconds stay out of the baseline', () => {
  const values = Array.from({ length: 320 }, (_, i) => (i >= 40 && i < 280 ? 1 : 0))
  const { alarms } = score(values, 0.1)
  assert.equal(alarms.filter(Boolean).length, 240)
  assert.ok(alarms.slice(40, 280).every(Boolean))
})

test('what lasts longer than the memory becomes normal, and the way back is then the anomaly', () => {
  const length = 600
  const values = Array.from({ length: length + 1 }, (_, i) => (i >= 40 && i < length ? 1 : 0))
  const { scores, alarms } = score(values, 0.1)
  const last = alarms.slice(0, length).lastIndexOf(true)
  assert.ok(
    last > 40 + defaults.memory - defaults.window && last < 40 + defaults.memory,
    `the last alarm is at ${last}`,
  )
  assert.ok(
    scores.slice(40, length).some((one) => one === null),
    'a new baseline needs its warm-up',
  )
  assert.equal(alarms[length], true)
})

test('a slow drift is not seen, a jump to the same height is', () => {
  const drift = Array.from({ length: 200 }, (_, i) => 10 + i * 0.5 + (i % 3))
  assert.ok(!score(drift, 5).alarms.some(Boolean))
  const jump = Array.from({ length: 200 }, (_, i) => (i < 100 ? 10 : 110) + (i % 3))
  assert.ok(score(jump, 5).alarms[100])
})
