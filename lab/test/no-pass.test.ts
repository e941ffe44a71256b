// Runs that end in the same way on a quiet machine and on a busy one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../src/clock.ts'
import { says, until } from './helpers.ts'
import { demo, experiment, nothingLeft } from './run-experiment.ts'

test('a generator that was not running in time makes it INVALID, with exit code 2', async (t) => {
  const run = experiment(t, ['experiment', 'baseline', '--seconds', '5'], (slo) => {
    slo.goals.baseline.latency_ms = 1_000
    slo.outage.degraded_within_ms = 1_000
  })
  await says(run, 'baseline')
  await until('the phase has rows', () => /\n +\d+ s +baseline/.test(run.out()))
  run.child.kill('SIGSTOP')
  await sleep(1_500)
  run.child.kill('SIGCONT')
  assert.equal(await run.ended, 2, run.out())
  const [journal] = run.journals()
  assert.equal(journal?.verdict, 'INVALID')
  // One of the reasons says for how long.
  assert.ok(
    journal.reasons.some((reason) => Number(/(\d\.\d) s/.exec(reason)?.[1]) >= 1),
    journal.reasons.join(),
  )
})

test('an API that dies under the load makes it FAIL at once', async (t) => {
  const run = demo(t)
  await says(run, 'Peak')
  const api = run.api()
  process.kill(api.pid, 'SIGKILL')
  assert.equal(await run.ended, 1, run.out())
  const [journal] = run.journals()
  assert.equal(journal?.verdict, 'FAIL')
  assert.match(journal.reasons[0] ?? '', /SIGKILL/)
  assert.equal(journal.expectations.find(({ phase }) => phase === 'lock')?.value, null)
  await nothingLeft(run, api)
})
