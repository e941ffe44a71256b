import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadExperiment } from '../src/runner/experiment.ts'
import { measure } from '../src/runner/measures.ts'
import { phaseAt, secondsOf, sentAndAnswered } from '../src/runner/seconds.ts'
import { figuresOf, select } from '../src/runner/selection.ts'
import { loadSlo } from '../src/slo.ts'
import { root } from './helpers.ts'
import { at, recorded, withResults } from './recorded.ts'

const slo = loadSlo(join(root, 'slo.json'))
const run = recorded(await loadExperiment('outage-lock', slo))
const fault = run.faults[0] ?? assert.fail()
const rate = run.phases[1]?.plan.rate ?? 0

test('a second belongs to the phase in which its middle lies', () => {
  const shifted = { ...run, phases: run.phases.map((one) => ({ ...one, start: one.start + 400, end: one.end + 400 })) }
  for (const { phases } of [run, shifted])
    for (const { plan, from_s, to_s } of phases) {
      assert.equal(phaseAt({ ...run, phases }, from_s)?.plan.name, plan.name)
      assert.equal(phaseAt({ ...run, phases }, to_s - 1)?.plan.name, plan.name)
    }
  assert.equal(phaseAt(run, 10_000), undefined)
})

test('a second has what was sent in it, and the answers that arrived in it', () => {
  // An API that freezes for three seconds and then answers all at once.
  const frozen = withResults(run, ({ due }) => (due >= at(5) && due < at(8) ? { done: at(8.5) } : undefined))
  const seconds = secondsOf(frozen)
  assert.deepEqual(
    seconds.slice(4, 9).map((one) => one.rate),
    Array(5).fill(rate),
  )
  const answered = seconds.slice(4, 9).map((one) => one.answered)
  assert.deepEqual(answered.slice(2, 4), [0, 0])
  assert.ok((answered[4] ?? 0) >= 4 * rate - 2, `${answered}`)
  // The last answer arrives after the last second.
  const all = seconds.reduce((sum, one) => sum + (one.answered ?? 0), 0)
  assert.ok(all >= run.results.length - 2, `${all} of ${run.results.length}`)
})

test('the rows of a live table are the same when several are written together', () => {
  const isFrozen = ({ due }: { due: number }) => due >= at(5) && due < at(8)
  const [waiting, over] = [true, false].map((frozen) => run.results.filter((one) => isFrozen(one) === frozen))
  const results = over?.filter(({ due }) => due < at(5)) ?? []
  const rows = [4, 5, 6, 7, 8].map((second) => sentAndAnswered(results, waiting, at(second)))
  assert.deepEqual(
    rows.map(({ sent }) => sent),
    [rate, rate, rate, rate, 0],
  )
  const answered = rows.map((row) => row.answered)
  assert.ok(answered.slice(2).every((one) => one === 0) && Math.abs((answered[0] ?? 0) - rate) <= 2, `${answered}`)
  assert.equal(sentAndAnswered(results, undefined, at(4)).sent, undefined)
})

test('a row of a dead API has no answers and no p95, and every request in it has failed', () => {
  const dead = withResults(run, ({ due }) => (due >= at(5) ? { status: 0, error: 'ECONNREFUSED' } : undefined))
  const { sent, answered, failed, p95_ms } = sentAndAnswered(dead.results, [], at(6))
  assert.deepEqual([sent, answered, failed, p95_ms], [rate, 0, rate, null])
})

test('an unanswered request is sent and not answered, a dropped one neither, and both have failed', () => {
  const changed = withResults(run, ({ due }) =>
    due >= at(5) && due < at(6) ? { status: 0, error: 'timeout' } : undefined,
  )
  const [second] = secondsOf({ ...changed, dropped: [at(5.5)] }).slice(5)
  assert.deepEqual([second?.rate, second?.dropped, second?.error_ratio], [rate, 1, 1])
  assert.deepEqual(second?.statuses, { timeout: rate })
})

test('the trouble of a second is what the experiment does to the API on purpose', () => {
  const during = (moment: number) => secondsOf(run)[Math.round((moment - run.startedAt) / 1000)]?.trouble
  assert.deepEqual([during(fault.injectedAt), during(fault.undone.at)], ['lock', null])
  const plan = run.phases[1]?.plan ?? assert.fail()
  for (const [change, trouble] of [
    [{ overload: true }, 'overload'],
    [{ attack: { name: 'flood', perSecond: 1 } }, 'attack'],
  ] as const) {
    const phases = run.phases.map((one) => (one.plan === plan ? { ...one, plan: { ...plan, ...change } } : one))
    assert.equal(secondsOf({ ...run, phases })[5]?.trouble, trouble)
  }
})

test('the figures of a phase are those by which it is judged', () => {
  const slow = withResults(run, ({ due }) => (due % 3 < 1 ? { done: due + 70, status: 500 } : undefined))
  for (const { plan } of slow.phases.slice(1)) {
    const figures = figuresOf(select(slow, slo, plan.name) ?? assert.fail())
    for (const name of ['p50', 'p95', 'p99'] as const)
      assert.equal(measure(name, plan.name, slow, slo).value, figures[`${name}_ms`])
    assert.equal(
      measure('errors', plan.name, slow, slo).value?.toFixed(6),
      (100 * Number(figures.error_ratio)).toFixed(6),
    )
    assert.ok(Math.abs(figures.rate - plan.rate) < 1, `${figures.rate}`)
  }
})
