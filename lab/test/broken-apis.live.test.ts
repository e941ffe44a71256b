import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { lengthOf, loadExperiment, scale } from '../src/runner/experiment.ts'
import { api } from './helpers.ts'
import { conclusive, playOn } from './play-on.ts'
import { wideGoals } from './run-experiment.ts'

test('an API that does not guard its database fails outage-chmod: it goes on and says nothing', async (t) => {
  const slo = wideGoals()
  const target = await api(t, {}, join(import.meta.dirname, 'guardless-api.ts'))
  const experiment = await loadExperiment('outage-chmod', slo)
  const short = scale(experiment, 8 / lengthOf(experiment))
  const played = await conclusive(t, () => playOn(target, short, slo))
  if (!played) return
  assert.equal(played.verdict, 'FAIL')
  assert.deepEqual(played.missed, ['refused', 'degraded_after', 'db_errors'], played.reasons.join('\n'))
  assert.equal(played.run.faults[0]?.landedAt, undefined, 'no request felt the fault')
})
