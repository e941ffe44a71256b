import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadExperiment } from '../src/runner/experiment.ts'
import { inForce, placeOf, select } from '../src/runner/selection.ts'
import { loadSlo } from '../src/slo.ts'
import { root } from './helpers.ts'
import { recorded } from './recorded.ts'

const slo = loadSlo(join(root, 'slo.json'))
const run = recorded(await loadExperiment('outage-chmod', slo))
const played = run.faults[0] ?? assert.fail()
const undone = (at: number) => ({ ...played.undone, at })
/** Injected at 1,000, felt at 1,020, rolled back at 9,000. */
const fault = { ...played, injectedAt: 1_000, landedAt: 1_020, undone: undone(9_000) }

for (const [due, done, place] of [
  [990, 999, 'before'],
  [990, 1_000, 'before'],
  [990, 1_001, 'across the injection'],
  [1_000, 1_005, 'across the injection'],
  [1_019, 1_030, 'across the injection'],
  [1_019, 9_500, 'across the injection'],
  [1_020, 1_030, 'in force'],
  [8_990, 9_000, 'in force'],
  [8_899, 9_001, 'late'],
  [8_900, 9_001, 'across the rollback'],
  [8_999, 19_000, 'across the rollback'],
  [9_000, 9_001, 'after'],
] as const)
  test(`due at ${due} and answered at ${done}: ${place}`, () => assert.equal(placeOf({ due, done }, fault, 100), place))

test('a fault is in force from the injection on when it was felt late, never, or after its end', () => {
  const from = (landedAt?: number) => inForce({ ...fault, landedAt }).from
  assert.deepEqual([2_000, 2_001, undefined].map(from), [2_000, 1_000, 1_000])
  assert.equal(inForce({ ...fault, undone: undone(1_010) }).from, 1_000, 'a crash is over at once')
})

test('what is late counts by its latency and its failures, what is across an edge in no phase', () => {
  const { injectedAt, undone } = played
  const { to } = inForce(played)
  const [late, edge] = [{ due: to - 5_000 }, { due: to - 50 }]
  const answered = (status: number) => [
    { kind: 'read', sent: late.due, done: to + 10, status, ...late } as const,
    { kind: 'read', sent: edge.due, done: to + 10, status, ...edge } as const,
    { kind: 'read', sent: injectedAt - 1, done: injectedAt + 3, status, due: injectedAt - 1 } as const,
  ]
  const counts = (status: number, phase?: string) => {
    const { data = [], settled = [] } = select({ ...run, results: answered(status) }, slo, phase) ?? {}
    return [data.length, settled.length]
  }
  assert.ok(undone.at === to)
  assert.deepEqual(counts(200, 'outage'), [1, 0])
  assert.deepEqual(counts(503, 'outage'), [1, 1])
  assert.deepEqual(
    [counts(200, 'before'), counts(200, 'after')],
    [
      [0, 0],
      [0, 0],
    ],
  )
  assert.deepEqual(counts(200), [1, 1], 'the whole run has no side')
})
