import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaults, detect, type Tuning } from '../src/anomalies/detect.ts'
import { graceS, grade, troublesIn } from '../src/anomalies/grade.ts'
import { generated, outage, recorded } from './report-fixtures.ts'
import { sweep } from './sweep.ts'

const outages = ['outage-chmod', 'outage-lock', 'outage-move', 'outage-at-peak', 'outage-long', 'flapping']

for (const method of ['mean', 'median'] as Tuning['method'][]) {
  for (const name of outages) {
    test(`${name}, as recorded (${method}): the combination finds every fault within 3 s and raises no false alarm`, () => {
      const events = recorded(name)
      const { combined } = detect(events, { ...defaults, method })
      const { troubles, found, precision, false_alarms } = grade([{ events, alarms: combined }], defaults.warmUp)
      assert.equal(found, troubles.length)
      assert.equal(precision, 1)
      assert.equal(false_alarms, 0)
      for (const { delay_s } of troubles) assert.ok((delay_s ?? 99) <= 3, `found after ${delay_s} s`)
    })
  }

  test(`five quiet minutes, as recorded (${method}): the combination is silent where single series are not`, () => {
    const events = recorded('quiet')
    const { combined, anySeries } = detect(events, { ...defaults, method })
    assert.equal(events.length, 300)
    assert.ok(!combined.some(Boolean))
    assert.ok(anySeries.some(Boolean), 'or the quiet run would be too tame to prove anything')
  })
}

test('latency does not find an outage: refusals are quick', () => {
  const { series } = detect(recorded('outage-lock'))
  const p50 = series.find(({ name }) => name === 'p50_ms')
  const { found } = grade([{ events: recorded('outage-lock'), alarms: p50?.alarms ?? [] }], defaults.warmUp)
  assert.equal(found, 0)
})

test('one kind of evidence for one second is no alarm; two kinds are; one that lasts three seconds is', () => {
  const errors = (from: number, to: number) => (s: number) => (s >= from && s < to ? { error_ratio: 0.5 } : {})
  const alarmed = (change: (second: number) => object) =>
    detect(generated(60, change)).combined.flatMap((alarm, second) => (alarm ? [second] : []))
  assert.deepEqual(alarmed(errors(30, 32)), [])
  assert.deepEqual(alarmed(errors(30, 33)), [32])
  assert.deepEqual(
    alarmed((s) => (s === 30 ? { error_ratio: 0.5, degraded: 1 } : {})),
    [30],
  )
  assert.deepEqual(
    alarmed((s) => (s === 30 || s === 32 || s === 34 ? { error_ratio: 0.5 } : {})),
    [],
  )
  // Two series of one family are one witness, however loud.
  assert.deepEqual(
    alarmed((s) => (s === 30 ? { db_available: 0, degraded: 1 } : {})),
    [],
  )
})

test('slowness alone is no alarm, slowness beside errors is; more load is none', () => {
  const slow = { p50_ms: 500, p95_ms: 900, p99_ms: 1000, event_loop_delay_ms: 300 }
  assert.ok(!detect(generated(60, (s) => (s >= 30 ? slow : {}))).combined.some(Boolean))
  assert.ok(detect(generated(60, (s) => (s === 30 ? { ...slow, error_ratio: 0.2 } : {}))).combined[30])
  assert.ok(!detect(generated(60, (s) => (s >= 30 ? { rate: 500, server_rate: 500 } : {}))).combined.some(Boolean))
})

test('an API that is gone is found by its silence too', () => {
  const gone = { error_ratio: 1, db_available: null, degraded: null, db_errors: null, server_rate: null }
  const { combined, series } = detect(generated(60, (s) => (s >= 30 && s < 40 ? gone : {})))
  assert.ok(combined.slice(30, 40).every(Boolean))
  assert.ok(series.find(({ name }) => name === 'silent')?.alarms[30])
})

test('trouble that is no fault counts too: an alarm in an overload made on purpose is no false one', () => {
  const events = generated(100, (s) => ({ trouble: s >= 40 && s < 60 ? 'overload' : null }))
  const { troubles, false_alarms } = grade([{ events, alarms: events.map(({ second }) => second === 45) }], 10)
  assert.deepEqual([troubles, false_alarms], [[{ kind: 'overload', delay_s: 6 }], 0])
})

test('faults differ by their kind and by the gap between them', () => {
  const kinds = ['chmod', 'chmod', null, 'chmod', 'lock', 'lock']
  assert.deepEqual(troublesIn(generated(6, (s) => ({ fault: kinds[s] ?? null }))), [
    { kind: 'chmod', from: 0, to: 2 },
    { kind: 'chmod', from: 3, to: 4 },
    { kind: 'lock', from: 4, to: 6 },
  ])
})

/** 100 seconds with a fault from 40 to 60, and alarms in the seconds named. */
function graded(...alarmed: number[]) {
  const events = generated(100, (s) => (s >= 40 && s < 60 ? outage : {}))
  return grade([{ events, alarms: events.map(({ second }) => alarmed.includes(second)) }], 10)
}

test('grading: an alarm in the fault finds it, with the delay until the end of that second', () => {
  const { troubles, found, precision, coverage, mean_delay_s } = graded(42, 43)
  assert.deepEqual(troubles, [{ kind: 'chmod', delay_s: 3 }])
  assert.deepEqual([found, precision, coverage, mean_delay_s], [1, 1, 0.1, 3])
})

test('grading: alarms outside of the fault are false, seconds in a row are one, and their rate counts quiet time only', () => {
  const { found, precision, false_alarms, quiet_s, false_alarms_per_hour } = graded(20, 21, 30, 45)
  assert.deepEqual([found, false_alarms, precision], [1, 2, 1 / 3])
  // 100 seconds without the fault (20), the second before it, the grace after it and the warm-up.
  assert.equal(quiet_s, 100 - 20 - 1 - graceS - 10)
  assert.equal(false_alarms_per_hour, (2 * 3600) / quiet_s)
})

test('grading: an alarm in the second before finds, one that rang already covers', () => {
  const figures = ({ found, coverage, false_alarms }: ReturnType<typeof grade>) => [found, coverage, false_alarms]
  assert.deepEqual(figures(graded(39)), [1, 0, 0])
  assert.deepEqual(figures(graded(...Array.from({ length: 22 }, (_, i) => i + 38))), [0, 1, 1])
})

test('grading: the recovery is no false alarm, but one that goes on past the grace is', () => {
  assert.equal(graded(41, 60, 61, 60 + graceS - 1).false_alarms, 0)
  assert.equal(graded(41, 60 + graceS).false_alarms, 1)
})

test('grading: an alarm that rang all the time has found nothing', () => {
  const { found, false_alarms } = graded(...Array.from({ length: 90 }, (_, i) => i + 10))
  assert.deepEqual([found, false_alarms], [0, 2])
})

test('grading: without a fault nothing is found, without an alarm no precision', () => {
  const events = generated(50)
  const { found, precision, false_alarms_per_hour } = grade([{ events, alarms: events.map(() => false) }], 10)
  assert.deepEqual([found, precision, false_alarms_per_hour], [0, null, 0])
})

test('the sweep shows the price: for p95 alone, a higher threshold means fewer false alarms and fewer faults found', () => {
  const points = sweep([...outages, 'quiet'].map(recorded)).filter(
    ({ detector, window }) => detector === 'p95_ms' && window === 30,
  )
  const first = points[0]
  const last = points.at(-1)
  assert.ok(first && last)
  assert.ok((first.false_alarms_per_hour ?? 0) > 5 * (last.false_alarms_per_hour ?? 0))
  assert.ok(first.found > last.found)
})

test('the combination needs no fine threshold: at every one from 2 to 12 all faults are found at once, and nothing else', () => {
  const points = sweep([...outages, 'quiet'].map(recorded)).filter(({ detector }) => detector === 'the combination')
  assert.equal(points.length, 9)
  for (const { troubles, found, mean_delay_s, false_alarms } of points)
    assert.deepEqual([found, mean_delay_s, false_alarms], [troubles.length, 1, 0])
})
