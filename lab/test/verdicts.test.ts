import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { startOwnLoad } from '../src/load/own-load.ts'
import { type Experiment, loadExperiment, scale } from '../src/runner/experiment.ts'
import { judge } from '../src/runner/judge.ts'
import { play } from '../src/runner/play.ts'
import type { Run } from '../src/runner/run.ts'
import { validityProblems } from '../src/runner/validity.ts'
import type { Target } from '../src/targets/target.ts'
import { api, mode, until } from './helpers.ts'
import { wideGoals } from './run-experiment.ts'

const slo = wideGoals()
const never = new AbortController().signal

async function short(name: string, seconds = 8): Promise<Experiment> {
  const experiment = await loadExperiment(name, slo)
  const full = experiment.phases.reduce((sum, phase) => sum + phase.seconds, 0)
  return scale(experiment, seconds / full)
}

async function playOn(target: Target, experiment: Experiment) {
  const run = await play(experiment, target, startOwnLoad, never)
  return { run, ...judge(run, experiment, slo) }
}

function wrong({ expectations }: { expectations: { what: string; met: boolean }[] }): string[] {
  return expectations.filter(({ met }) => !met).map(({ what }) => what)
}

describe('verdicts on APIs that fail', { concurrency: 3 }, () => {
  for (const name of ['outage-chmod', 'outage-move']) {
    test(`an API without a gate fails ${name}: it serves on, and says nothing`, async (t) => {
      const target = await api(t, {}, join(import.meta.dirname, 'gateless-api.ts'))
      const judged = await playOn(target, await short(name))
      assert.equal(judged.verdict, 'FAIL', judged.reasons.join('\n'))
      assert.deepEqual(wrong(judged), [
        'data requests answered 503 = 100 %',
        '/health degraded after < 10000 ms',
        'db_errors_total rose by > 0',
      ])
      assert.equal(judged.run.faults[0]?.landedAt, undefined, 'nobody ever felt it')
      assert.match(judged.reasons[0] ?? '', /data requests answered 503 = 100 %: measured 0 of \d+/)
    })
  }

  test('a fault that somebody else ends makes it INVALID', async (t) => {
    const target = await api(t)
    const before = mode(target.database)
    const playing = playOn(target, await short('outage-chmod'))
    await until('the file has no permissions', () => mode(target.database) === '0000')
    chmodSync(target.database, Number.parseInt(before, 8))
    const { verdict, reasons } = await playing
    assert.equal(verdict, 'INVALID')
    assert.match(reasons[0] ?? '', /The fault chmod at .* was not in force until its end/)
  })
})

describe('problems about a run that was good', async () => {
  const target = await api({ after })
  const experiment = await short('outage-lock')
  const run = await play(experiment, target, startOwnLoad, never)
  // On a machine that is too busy for any experiment there are some already.
  const already = validityProblems(run, experiment, slo)
  const problems = (change: Partial<Run>) =>
    validityProblems({ ...run, ...change }, experiment, slo).filter((one) => !already.includes(one))

  test('a clock that jumped', () => {
    assert.deepEqual(problems({ wallOffsetAtEnd: run.wallOffset - 3_600_000 }), [
      'The clock of this machine jumped by -3600.0 s.',
    ])
  })

  test('a fault that came late', () => {
    const faults = run.faults.map((fault) => ({ ...fault, injectedAt: fault.injectedAt + 6_000 }))
    assert.match(problems({ faults }).join(), /^The fault lock at [\d.]+ s came \d+\.\d ms late\.$/)
  })

  test('a fault that could not be injected', () => {
    assert.deepEqual(problems({ refused: ['The record cannot be written.'] }), ['The record cannot be written.'])
  })

  test('requests that were never sent', () => {
    const [phase] = run.phases.filter(({ plan }) => plan.name === 'before')
    const dropped = [phase?.start ?? 0, (phase?.start ?? 0) + 1]
    assert.deepEqual(problems({ dropped }), [
      'before: 2 requests were not sent, because too many still waited for their answer.',
    ])
  })

  test('a lost note, an unanswered /health or a success in the outage makes it FAIL', () => {
    const changes: [Partial<Run>, string][] = [
      [{ lost: ['42'] }, 'acknowledged notes lost = 0'],
      [{ lost: undefined }, 'acknowledged notes lost = 0'],
      [
        { health: run.health.map((sample, i) => (i % 10 ? sample : { ...sample, status: 0 })) },
        '/health answered 200 = 100 %',
      ],
      [{ results: run.results.map((one) => ({ ...one, status: 200 })) }, 'data requests answered 503 = 100 %'],
      [
        { data: run.data.filter(({ done }) => done < (run.faults[0]?.undone.at ?? 0)) },
        'first success after recovery < 10000 ms',
      ],
    ]
    for (const [change, what] of changes) {
      const judged = judge({ ...run, ...change }, experiment, slo)
      assert.equal(judged.verdict, 'FAIL', what)
      assert.deepEqual(wrong(judged), [what])
    }
  })

  test('refusals that are missing in the log make it FAIL, and where there is no log nothing is expected of it', () => {
    const seen = run.results.filter(({ status }) => status === 503).length
    assert.deepEqual(wrong(judge({ ...run, logged: seen - 1 }, experiment, slo)), ['refusals found in the log = 100 %'])
    assert.equal(judge({ ...run, logged: seen + 5 }, experiment, slo).verdict, 'PASS')
    assert.equal(judge(run, experiment, slo).verdict, 'PASS')
  })
})

test('an experiment that is interrupted puts everything back and rejects', async (t: TestContext) => {
  const target = await api(t)
  const before = mode(target.database)
  const stop = new AbortController()
  const playing = play(await short('outage-chmod', 30), target, startOwnLoad, stop.signal)
  await until('the file has no permissions', () => mode(target.database) === '0000')
  stop.abort(new Error('enough'))
  await assert.rejects(playing, /enough/)
  assert.equal(mode(target.database), before)
})
