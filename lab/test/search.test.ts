// The search for the highest rate at which a goal is met, on a made-up API with a sharp limit.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Result } from '../src/load/figures.ts'
import { loadExperiment, needsOwnLoad } from '../src/runner/experiment.ts'
import { judge } from '../src/runner/judge.ts'
import type { Run } from '../src/runner/run.ts'
import { found, nextRate, type Step, withRate } from '../src/runner/search.ts'
import { loadSlo } from '../src/slo.ts'
import { root } from './helpers.ts'
import { evenly, onBusyMachine, recorded } from './recorded.ts'

const slo = loadSlo(join(root, 'slo.json'))
const capacity = await loadExperiment('capacity', slo)

test('twelve steps find any limit within a tenth, also after one hiccup', () => {
  for (const limit of [180, 700, 3100, 9000])
    for (const hiccup of [undefined, 0, 1, 3]) {
      const steps: Step[] = []
      for (let i = 0; i < 12; i++) {
        const rate = nextRate(steps, 500)
        steps.push({ rate, met: rate < limit && i !== hiccup })
      }
      const { met, missed } = found(steps)
      assert.ok(
        met < limit && met > 0.75 * limit && missed >= limit && missed < 1.35 * limit,
        `${limit}: ${met} ${missed}`,
      )
    }
})

/** The run of `capacity` on an API that serves up to `limit` a second; beyond, each answer is later than the one before it. */
function played(limit: number, lag = 0): Run {
  const run: Run = { ...recorded(capacity), phases: [], results: [] }
  for (const phase of recorded(capacity).phases) {
    const plan = withRate(phase.plan, run, [])
    run.phases.push({ ...phase, plan })
    const excess = Math.max(0, 1 - limit / plan.rate)
    const results = evenly(phase.start, phase.end, plan.rate).map((due): Result => {
      const late = plan.rate >= limit ? lag : 0
      return {
        kind: 'read',
        due,
        sent: due + late,
        done: due + 5 + late + 10 * excess * (due - phase.start),
        status: 200,
      }
    })
    run.results = run.results.concat(results)
  }
  return run
}

test('a limit of the API is confirmed from both sides', () => {
  const { verdict, reasons, expectations } = judge(played(1800), capacity, slo)
  assert.equal(verdict, 'PASS', reasons.join('\n'))
  const rate = expectations.find(({ measure }) => measure === 'goal_met_up_to')?.value ?? 0
  assert.ok(rate > 1500 && rate < 1900, String(rate))
  assert.ok(needsOwnLoad(capacity))
})

test('an API below the goal is a finding; a limit of the generator or the machine, or none, proves nothing', () => {
  assert.equal(judge(played(300), capacity, slo).verdict, 'FAIL')
  assert.equal(judge(played(1800, 400), capacity, slo).verdict, 'INVALID')
  assert.equal(judge(onBusyMachine(played(1800)), capacity, slo).verdict, 'INVALID')
  assert.equal(judge(recorded(capacity), capacity, slo).verdict, 'INVALID', 'every step was good')
})
