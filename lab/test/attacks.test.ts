// What is known of attacks without a quiet machine.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Attempt } from '../src/attacks/attack.ts'
import { dictionary } from '../src/attacks/guesses.ts'
import { UserError } from '../src/errors.ts'
import { attackMeasures } from '../src/runner/attack-measures.ts'
import { type Experiment, lengthOf, loadExperiment, scale } from '../src/runner/experiment.ts'
import { journalOf } from '../src/runner/journal-of.ts'
import { judge } from '../src/runner/judge.ts'
import type { Run } from '../src/runner/run.ts'
import { secondsOf } from '../src/runner/seconds.ts'
import type { Target } from '../src/targets/target.ts'
import { api } from './helpers.ts'
import { playOn } from './play-on.ts'
import { evenly, recorded } from './recorded.ts'
import { wideGoals } from './run-experiment.ts'

const slo = wideGoals()

async function short(name: string): Promise<Experiment> {
  const experiment = await loadExperiment(name, slo)
  return scale(experiment, 5 / lengthOf(experiment))
}

describe('an attack that was not made proves nothing', () => {
  test('a phase that is over before the token is makes stolen-token INVALID', async (t) => {
    const { verdict, run } = await playOn(await api(t), await short('stolen-token'), slo)
    assert.equal(verdict, 'INVALID')
    assert.ok(run.problems.length > 0)
  })

  test('nor does one that stayed behind its rate', async () => {
    const experiment = await loadExperiment('forged-tokens', slo)
    const run = recorded(experiment)
    const { plan, start, end } = run.phases.find(({ plan }) => plan.attack) ?? assert.fail()
    const attacked = (perSecond: number) => {
      const attempts = evenly(start, end, perSecond).map((at) => ({ what: 'forged', at, done: at + 5, status: 401 }))
      const attacks = [{ phase: plan.name, name: 'forged-tokens' as const, attempts }]
      return judge({ ...run, attacks }, experiment, slo)
    }
    const rate = plan.attack?.perSecond ?? 0
    assert.notEqual(attacked(rate).verdict, 'INVALID')
    assert.equal(attacked(0.8 * rate).verdict, 'INVALID')
  })

  test('an attack that needs a second user is skipped without one', async (t) => {
    const { other, ...alone } = await api(t)
    await assert.rejects(playOn(alone, await short('anothers-notes'), slo), UserError)
  })
})

test('the secret of weak-secret is one of its first guesses', async () => {
  const { settings, expectations } = await loadExperiment('weak-secret', slo)
  const limit = expectations.find(({ measure }) => measure === 'guesses_needed')?.limit ?? 0
  const guesses = dictionary().take(limit)
  assert.ok(guesses.some((guess) => guess === settings?.JWT_SECRET))
  assert.ok(Buffer.byteLength(settings?.JWT_SECRET ?? '') >= 32, 'the API only counts bytes')
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
    { what: 'the owner logs out', byOwner: true, at: 1_200, done: 1_300, status: 0 },
    { what: 'a read', at: 1_400, done: 1_500, status: 401 },
  ]
  const plan = { name: 'logout', rate: 100, seconds: 2 }
  const run: Run = {
    ...{ startedAt: 0, wallOffset: 0, wallOffsetAtEnd: 0, generator: 'none', refused: [], acknowledged: 0 },
    ...{
      faults: [],
      problems: [],
      results: [],
      dropped: [],
      maxWaiting: () => 0,
      health: [],
      data: [],
      metrics: [],
      machine: [],
    },
    phases: [{ plan, from_s: 0, to_s: 2, start: 0, end: 2_000 }],
    attacks: [{ phase: plan.name, name: 'stolen-token-logged-out-after-2-s', attempts }],
  }
  const experiment = await loadExperiment('stolen-token', slo)
  const target = { mode: 'embedded', journalMode: 'delete' } as Target
  const about = { name: 'stolen-token', experiment, slo, target, again: '' }
  const { attacks, seconds } = journalOf(run, about)
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
    return attackMeasures.guessed_by_time.of({ attempts } as Parameters<typeof attackMeasures.guessed_by_time.of>[0])
      .value
  }

  test('nothing when both take as long, everything when one always takes longer', () => {
    assert.equal(told({ a: [1, 2, 3, 4], b: [1, 2, 3, 4] }), 50)
    assert.equal(told({ a: [1, 1, 1], b: [1, 1, 1] }), 50)
    assert.equal(told({ a: [1, 2, 3], b: [4, 5, 6] }), 100)
    assert.equal(told({ a: [4, 5, 6], b: [1, 2, 3] }), 100)
    assert.equal(told({ a: [1, 2, 3] }), undefined)
  })
})
