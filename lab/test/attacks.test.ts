import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { weaknessOf } from '../../api/src/keys.ts'
import { connect, logIn } from '../src/api-client.ts'
import { attackers } from '../src/attacks/all.ts'
import type { AttackContext, Attempt } from '../src/attacks/attack.ts'
import { flood } from '../src/attacks/flood.ts'
import { dictionary } from '../src/attacks/weak-secret.ts'
import { startOwnLoad } from '../src/load/own-load.ts'
import { attackMeasures } from '../src/runner/attack-measures.ts'
import { type Experiment, lengthOf, loadExperiment, scale } from '../src/runner/experiment.ts'
import { journalOf } from '../src/runner/journal-of.ts'
import { judge } from '../src/runner/judge.ts'
import { play } from '../src/runner/play.ts'
import type { Run } from '../src/runner/run.ts'
import { secondsOf } from '../src/runner/seconds.ts'
import type { Target } from '../src/targets/target.ts'
import { api } from './helpers.ts'
import { wideGoals } from './run-experiment.ts'

const slo = wideGoals()
const never = new AbortController().signal

async function playOn(target: Target, experiment: Experiment) {
  const run = await play(experiment, target, startOwnLoad, never)
  const judged = judge(run, experiment, slo)
  const wrong = judged.expectations.filter(({ met }) => !met).map(({ measure }) => measure)
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
    assert.deepEqual(wrong, ['attack_accepted', 'attack_refused', 'attack_answers'])
    assert.match(said, /unsigned, alg "none"/)
  })

  test('brute-force: it listens to every guess', async () => {
    const { verdict, wrong, said } = await playOn(target, await short('brute-force'))
    assert.equal(verdict, 'FAIL', said)
    assert.deepEqual(wrong, ['guesses_heard'])
  })

  const skip = process.platform !== 'linux' && 'only the loopback of Linux has many addresses'
  test('brute-force-distributed: it listens to every guess from every address', { skip }, async () => {
    const { verdict, wrong, said } = await playOn(target, await short('brute-force-distributed'))
    assert.equal(verdict, 'FAIL', said)
    assert.deepEqual(wrong, ['guesses_heard'])
  })

  test("anothers-notes: 403 is another's note, 404 is none", async () => {
    const { verdict, wrong, said } = await playOn(target, await short('anothers-notes'))
    assert.equal(verdict, 'FAIL', said)
    assert.ok(wrong.includes('attack_answers'), said)
  })

  test('flood: it takes all that it is sent', async () => {
    const { verdict, wrong, said } = await playOn(target, await short('flood'))
    assert.equal(verdict, 'FAIL', said)
    assert.ok(wrong.includes('attack_accepted'), said)
  })

  for (const phase of ['logout', 'password', 'removal']) {
    test(`stolen-token: ${phase} changes nothing`, async () => {
      const { verdict, wrong, said } = await playOn(target, await only('stolen-token', phase))
      assert.equal(verdict, 'FAIL', said)
      assert.deepEqual(wrong, ['served_on'])
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
    const attacks = run.attacks.map((attack) => ({ ...attack, attempts: attack.attempts.slice(0, 200) }))
    const { verdict, reasons } = judge({ ...run, attacks }, experiment, slo)
    assert.equal(verdict, 'INVALID')
    assert.match(reasons[0] ?? '', /^forgeries: .* 200 of \d+ attempts\.$/)
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

describe('whether it landed, and why not, is told of', () => {
  test('a flood that reaches nobody fails, and it is told why', async (t) => {
    const target = await api(t)
    // No port of the machine's: nothing may listen there.
    const elsewhere = { ...target, url: 'http://127.0.0.1:1' }
    t.mock.method(attackers, 'flood', (context: AttackContext) => flood({ ...context, target: elsewhere }))
    const { verdict, wrong, said } = await playOn(target, await short('flood'))
    assert.equal(verdict, 'FAIL', said)
    assert.deepEqual(wrong, ['attack_refused'])
    assert.match(said, /ECONNREFUSED/)
  })

  test('a flood that reaches the API lands', async (t) => {
    const { wrong, said } = await playOn(await api(t), await short('flood'))
    assert.deepEqual(wrong, [], said)
  })

  test('an owner who has logged in too often proves nothing of another password', async (t) => {
    const target = await api(t, { LOGIN_ATTEMPTS_PER_MINUTE: '2' })
    const { other = { username: '', password: '' } } = target
    const pool = connect(target.url, 1, 5_000)
    t.after(() => pool.destroy())
    await logIn(pool, target.url, other.username, other.password)
    const { verdict, said } = await playOn(target, await only('stolen-token', 'password'))
    assert.equal(verdict, 'INVALID', said)
    assert.match(said, /The login of its owner was answered 429/)
  })

  test('an owner whom the new password does not let in has not been served', async (t) => {
    const target = await api(t)
    const changeOther = async (password = '') => void Object.assign(target.other ?? {}, { password })
    const { verdict, wrong, said } = await playOn({ ...target, changeOther }, await only('stolen-token', 'password'))
    assert.equal(verdict, 'FAIL', said)
    assert.deepEqual(wrong, ['served_on', 'owner_served'])
  })
})

test('a connection that was still open when the attacker gave up is not told as cut off', () => {
  const attempts: Attempt[] = [
    { what: 'slow', at: 0, done: 1_500, status: 0 },
    { what: 'slow', at: 0, done: 1_600, status: 408 },
    { what: 'answered late', at: 1_900, done: 2_100, status: 401 },
    { what: 'given up', at: 0, done: 2_001, status: 0 },
    { what: 'offline', at: 0, done: 500, status: 0, guesses: 7 },
  ]
  const phase = (name: string, start: number, end: number) => ({ plan: { name }, start, end })
  const run = { startedAt: 0, wallOffset: 0, phases: [phase('flood', 0, 2_000), phase('after', 2_000, 3_000)] }
  const nothing = { faults: [], health: [], metrics: [], results: [], dropped: [] }
  const attacks = [{ phase: 'flood', name: 'flood', attempts }]
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

test('the seconds add up to the statuses of the journal: what the owner did is in neither', async () => {
  const attempts: Attempt[] = [
    { what: 'a read', at: 100, done: 200, status: 200 },
    { what: 'a write', at: 900, done: 1_100, status: 201 },
    { what: 'the owner acts', byOwner: true, at: 1_200, done: 1_300, status: 0 },
    { what: 'a read', at: 1_400, done: 1_500, status: 401 },
    { what: 'the owner logs in', byOwner: true, at: 1_500, done: 1_600, status: 200 },
  ]
  const plan = { name: 'password', rate: 100, seconds: 2 }
  const run: Run = {
    ...{ startedAt: 0, wallOffset: 0, wallOffsetAtEnd: 0, generator: 'none', acknowledged: 0 },
    ...{ faults: [], refused: [], results: [], dropped: [], health: [], data: [], metrics: [], machine: [] },
    phases: [{ plan, from_s: 0, to_s: 2, start: 0, end: 2_000 }],
    attacks: [{ phase: plan.name, name: 'stolen-token-password-changed-after-2-s', attempts }],
  }
  const experiment = await loadExperiment('stolen-token', slo)
  const target = { mode: 'embedded', journalMode: 'delete' } as Target
  const about = { name: 'stolen-token', experiment, slo, target, run: { number: 1, of: 1 }, predictions: [], again: '' }
  const { attacks, seconds } = journalOf(run, judge(run, experiment, slo), about)
  const sums: Record<string, number> = {}
  for (const { attempts = {} } of seconds)
    for (const [status, count] of Object.entries(attempts)) sums[status] = (sums[status] ?? 0) + count
  assert.deepEqual(sums, { 200: 1, 201: 1, 401: 1 })
  assert.deepEqual(sums, attacks?.[0]?.statuses)
})

describe('what the time of an answer tells', () => {
  const told = (times: Record<string, number[]>) => {
    const attempts: Attempt[] = Object.entries(times).flatMap(([what, list]) =>
      list.map((done) => ({ what, at: 0, done, status: 404 })),
    )
    return attackMeasures.told_by_time.of({ attempts } as Parameters<typeof attackMeasures.told_by_time.of>[0]).value
  }

  test('nothing when both take as long, everything when one always takes longer', () => {
    assert.equal(told({ a: [1, 2, 3, 4], b: [1, 2, 3, 4] }), 50)
    assert.equal(told({ a: [1, 1, 1], b: [1, 1, 1] }), 50)
    assert.equal(told({ a: [1, 2, 3], b: [4, 5, 6] }), 100)
    assert.equal(told({ a: [4, 5, 6], b: [1, 2, 3] }), 100)
    assert.equal(told({ a: [1, 2, 3] }), undefined)
  })
})
