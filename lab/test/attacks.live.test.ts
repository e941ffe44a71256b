import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { type Experiment, lengthOf, loadExperiment, scale } from '../src/runner/experiment.ts'
import { api } from './helpers.ts'
import { conclusive, playOn } from './play-on.ts'
import { wideGoals } from './run-experiment.ts'

const slo = wideGoals()

async function short(name: string): Promise<Experiment> {
  const experiment = await loadExperiment(name, slo)
  return scale(experiment, 5 / lengthOf(experiment))
}

/** Some of the phases in full length, after a short warm-up, and what is expected of them and of the whole run. */
async function only(name: string, ...kept: string[]): Promise<Experiment> {
  const { phases, expectations, ...rest } = await loadExperiment(name, slo)
  return {
    ...rest,
    phases: phases
      .filter((one) => one.warmUp || kept.includes(one.name))
      .map((one) => (one.warmUp ? { ...one, seconds: 0.5 } : one)),
    expectations: expectations.filter(({ phase }) => phase === undefined || kept.includes(phase)),
  }
}

async function passes(t: TestContext, experiment: Experiment): Promise<void> {
  const target = await api(t)
  const played = await conclusive(t, () => playOn(target, experiment, slo))
  if (played) assert.equal(played.verdict, 'PASS', played.reasons.join('\n'))
}

/** The attacks of several experiments, one after another in one run: what surrounds each is the same. */
async function joined(...names: string[]): Promise<Experiment> {
  const [first, ...others] = await Promise.all(names.map((name) => short(name)))
  assert.ok(first)
  const more = others.flatMap(({ phases }) => phases.filter(({ attack }) => attack))
  const phases = [...first.phases.slice(0, -1), ...more, ...first.phases.slice(-1)]
  return { ...first, phases, expectations: [first, ...others].flatMap(({ expectations }) => expectations) }
}

describe('an API that trusts its clients fails', async () => {
  const target = await api({ after }, {}, join(import.meta.dirname, 'credulous-api.ts'))

  test('each of the attacks that it lets in', async (t) => {
    const experiment = await joined('forged-tokens', 'brute-force', 'anothers-notes', 'flood')
    const played = await conclusive(t, () => playOn(target, experiment, slo))
    if (!played) return
    assert.equal(played.verdict, 'FAIL', played.reasons.join('\n'))
    const missed = played.expectations.flatMap(({ phase, measure, met }) => (met ? [] : [`${phase}: ${measure}`]))
    for (const one of [
      'forgeries: attack_accepted',
      'forgeries: attack_refused',
      'guesses: guesses_heard',
      'curious: refusals_differ',
      'flood: attack_accepted',
    ])
      assert.ok(missed.includes(one), `${one} is not in ${missed}`)
  })

  test('stolen-token: a logout changes nothing', async (t) => {
    const experiment = await only('stolen-token', 'logout')
    const played = await conclusive(t, () => playOn(target, experiment, slo))
    assert.ok(
      !played || (played.verdict === 'FAIL' && played.missed.includes('served_on')),
      played?.reasons.join('\n') ?? '',
    )
  })
})

test('a flood that reaches the API is refused, and everything else goes on', async (t) => {
  await passes(t, await short('flood'))
})

test('a stolen token is served until it expires, or until its owner logs out', async (t) => {
  await passes(t, await only('stolen-token', 'life-of-2-s', 'logout'))
})
