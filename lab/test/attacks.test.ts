import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { weaknessOf } from '../../api/src/keys.ts'
import type { Hit } from '../src/attacks/attack.ts'
import { dictionary } from '../src/attacks/weak-secret.ts'
import { startOwnLoad } from '../src/load/own-load.ts'
import { attackMeasures } from '../src/runner/attack-measures.ts'
import { type Experiment, lengthOf, loadExperiment, scale } from '../src/runner/experiment.ts'
import { judge } from '../src/runner/judge.ts'
import { play } from '../src/runner/play.ts'
import { secondsOf } from '../src/runner/seconds.ts'
import type { Target } from '../src/targets/target.ts'
import { api } from './helpers.ts'
import { wideGoals } from './run-experiment.ts'

const slo = wideGoals()
const never = new AbortController().signal

async function playOn(target: Target, experiment: Experiment) {
  const run = await play(experiment, target, startOwnLoad, never)
  const judged = judge(run, experiment, slo)
  const wrong = judged.expectations.filter(({ met }) => !met).map(({ what }) => what)
  return { run, wrong, ...judged, said: judged.reasons.join('\n') }
}

async function short(name: string, seconds = 5): Promise<Experiment> {
  const experiment = await loadExperiment(name, slo)
  return scale(experiment, seconds / lengthOf(experiment))
}

/** Only the warm-up and one phase, in full length, and what is expected of it. */
async function only(name: string, phase: string): Promise<Experiment> {
  const { phases, expectations, ...rest } = await loadExperiment(name, slo)
  return {
    ...rest,
    phases: phases.filter((one) => one.warmUp || one.name === phase),
    expectations: expectations.filter((one) => one.phase === phase),
  }
}

// One after another: what they share is a machine with few cores.
describe('an API that believes too much fails', async () => {
  const target = await api({ after }, {}, join(import.meta.dirname, 'credulous-api.ts'))

  test('forged-tokens, and the forgery that got in is named', async () => {
    const { verdict, wrong, said } = await playOn(target, await short('forged-tokens'))
    assert.equal(verdict, 'FAIL', said)
    assert.deepEqual(wrong, [
      'attempts that got through = 0',
      'attempts refused with a 4xx = 100 %',
      'answers that differ = 1',
    ])
    assert.match(said, /attempts that got through = 0: measured \d+ of \d+; unsigned, alg "none"/)
  })

  test('brute-force: it listens to every guess', async () => {
    const { verdict, wrong, said } = await playOn(target, await short('brute-force'))
    assert.equal(verdict, 'FAIL', said)
    assert.deepEqual(wrong, ['guesses heard <= 20'])
  })

  const skip = process.platform !== 'linux' && 'only the loopback of Linux has many addresses'
  test('brute-force-distributed: it listens to every guess from every address', { skip }, async () => {
    const { verdict, wrong, said } = await playOn(target, await short('brute-force-distributed'))
    assert.equal(verdict, 'FAIL', said)
    assert.deepEqual(wrong, ['guesses heard <= 100'])
  })

  test("anothers-notes: 403 is another's note, 404 is none", async () => {
    const { verdict, wrong, said } = await playOn(target, await short('anothers-notes'))
    assert.equal(verdict, 'FAIL', said)
    assert.ok(wrong.includes('answers that differ = 1'), said)
  })

  for (const phase of ['logout', 'password', 'removal']) {
    test(`stolen-token: ${phase} changes nothing`, async () => {
      const { verdict, wrong, said } = await playOn(target, await only('stolen-token', phase))
      assert.equal(verdict, 'FAIL', said)
      assert.deepEqual(wrong, ['served on after the owner had acted <= 2'])
    })
  }
})

describe('an attack that was not made proves nothing', () => {
  test('a phase that is over before the token is makes stolen-token INVALID', async (t) => {
    const { verdict, said } = await playOn(await api(t), await short('stolen-token'))
    assert.equal(verdict, 'INVALID', said)
    assert.match(said, /The phase was over before the token was: give the experiment more time/)
  })

  test('nor does one in which nobody may change the users', async (t) => {
    const { changeOther, ...target } = await api(t)
    await assert.rejects(
      playOn(target, await only('stolen-token', 'removal')),
      /Skipped: it takes somebody who may change/,
    )
  })

  test('nor does one that stayed behind its rate', async (t) => {
    const experiment = await short('forged-tokens')
    const { run } = await playOn(await api(t), experiment)
    assert.deepEqual(judge(run, experiment, slo).reasons, [])
    const attacks = run.attacks.map((attack) => ({ ...attack, hits: attack.hits.slice(0, 200) }))
    const { verdict, reasons } = judge({ ...run, attacks }, experiment, slo)
    assert.equal(verdict, 'INVALID')
    assert.match(reasons[0] ?? '', /^forgeries: the attack was not made at its rate: 200 of \d+ attempts\.$/)
  })

  test('a secret of common words is nothing to guess: the API does not start with it', async (t) => {
    await assert.rejects(api(t, { JWT_SECRET: 'changeme-secret'.repeat(3) }), /JWT_SECRET must be random/)
  })

  test('nor with any other secret of its dictionary', () => {
    let count = 0
    for (const secret of dictionary()) if (count++ < 30_000 || count % 97 === 0) assert.ok(weaknessOf(secret), secret)
    assert.ok(count > 2_000_000)
  })

  test('without a second user there is nobody to be curious', async (t) => {
    const { other, ...alone } = await api(t)
    await assert.rejects(playOn(alone, await short('anothers-notes')), /Skipped: it takes a second user/)
  })
})

test('a connection that was still open when the attacker gave up is not told as cut off', () => {
  const hits: Hit[] = [
    { what: 'slow', at: 0, done: 1_500, status: 0 },
    { what: 'slow', at: 0, done: 1_600, status: 408 },
    { what: 'answered late', at: 1_900, done: 2_100, status: 401 },
    { what: 'given up', at: 0, done: 2_001, status: 0 },
    { what: 'offline', at: 0, done: 500, status: 0, guesses: 7 },
  ]
  const phase = (name: string, start: number, end: number) => ({ plan: { name }, start, end })
  const run = { zero: 0, wallZero: 0, phases: [phase('flood', 0, 2_000), phase('after', 2_000, 3_000)] }
  const nothing = { faults: [], health: [], metrics: [], results: [], dropped: [] }
  const attacks = [{ phase: 'flood', name: 'flood', hits }]
  const seconds = secondsOf({ ...run, ...nothing, attacks } as unknown as Parameters<typeof secondsOf>[0])
  assert.deepEqual(
    seconds.map(({ attempts, guesses }) => ({ attempts, guesses })),
    [
      { attempts: {}, guesses: 7 },
      { attempts: { 0: 1, 408: 1 }, guesses: 0 },
      { attempts: { 401: 1 }, guesses: 0 },
    ],
  )
})

describe('what the time of an answer tells', () => {
  const told = (times: Record<string, number[]>) => {
    const hits: Hit[] = Object.entries(times).flatMap(([what, list]) =>
      list.map((done) => ({ what, at: 0, done, status: 404 })),
    )
    return attackMeasures.told_by_time.of({ hits } as Parameters<typeof attackMeasures.told_by_time.of>[0]).value
  }

  test('nothing when both take as long, everything when one always takes longer', () => {
    assert.equal(told({ a: [1, 2, 3, 4], b: [1, 2, 3, 4] }), 50)
    assert.equal(told({ a: [1, 1, 1], b: [1, 1, 1] }), 50)
    assert.equal(told({ a: [1, 2, 3], b: [4, 5, 6] }), 100)
    assert.equal(told({ a: [4, 5, 6], b: [1, 2, 3] }), 100)
    assert.equal(told({ a: [1, 2, 3] }), undefined)
  })
})
