// Experiments with random arrivals, clients of their own policy, and loads relative to a capacity.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { measureCapacity } from '../src/load/capacity.ts'
import type { Result } from '../src/load/figures.ts'
import { chartData } from '../src/report/charts.ts'
import { reportHtml } from '../src/report/report.ts'
import { type Experiment, loadExperiment, needsOwnApi, needsOwnLoad } from '../src/runner/experiment.ts'
import { journalOf } from '../src/runner/journal-of.ts'
import { judge } from '../src/runner/judge.ts'
import { type MeasureName, measure as measureOf } from '../src/runner/measures.ts'
import type { Run } from '../src/runner/run.ts'
import { journal as schema } from '../src/runs/journal.ts'
import { loadSlo } from '../src/slo.ts'
import { api, root } from './helpers.ts'
import { playOn } from './play-on.ts'
import { evenly, idealQueue, recorded } from './recorded.ts'

const slo = loadSlo(join(root, 'slo.json'))
const capacity = { of: 'login' as const, perSecond: 45, after: 45 }
const storm = await loadExperiment('retry-storm', slo, 45)

/** The run of an experiment whose logins end as `of` says, `served` within 30 ms. */
function withLogins(experiment: Experiment, of: (phase: string, number: number) => boolean, attempts = 4): Run {
  const run = recorded(experiment)
  const logins = run.phases.flatMap(({ plan, start, end }) =>
    evenly(start, end, plan.logins ?? 0).map((due, i): Result => {
      if (of(plan.name, i))
        return {
          kind: 'login',
          due,
          sent: due,
          done: due + 30,
          status: 200,
          attempts: [{ sent: due, done: due + 30, status: 200 }],
        }
      const failed = { status: 0, error: 'timeout' }
      const all = Array.from({ length: attempts }, (_, n) => {
        return { sent: due + 400 * n, done: due + 400 * (n + 1), ...failed }
      })
      return { kind: 'login', due, sent: due, done: due + 400 * attempts, ...failed, attempts: all }
    }),
  )
  return { ...run, capacity, seed: 1, results: logins }
}

const collapsed = withLogins(storm, (phase) => phase === 'warm-up' || phase === 'before')

test('a storm that lasts is what was predicted; clients that are served again refute it', () => {
  const { verdict, expectations } = judge(collapsed, storm, slo)
  assert.equal(verdict, 'PASS')
  const amplification = expectations.find(({ measure }) => measure === 'amplification')
  assert.equal(amplification?.value, 4)
  assert.equal(
    judge(
      withLogins(storm, (phase) => phase !== 'burst'),
      storm,
      slo,
    ).verdict,
    'FAIL',
  )
})

test('goodput is back when three seconds in a row are good', async () => {
  const budget = await loadExperiment('retry-budget', slo, 45)
  const back = (from: number) => {
    const run = withLogins(budget, (phase, i) => phase !== 'burst' && (phase !== 'after' || i >= from * 20.25), 1)
    return judge(run, budget, slo).expectations.find(({ measure }) => measure === 'goodput_back_after')
  }
  assert.deepEqual([back(2)?.value, back(2)?.met], [2, true])
  assert.deepEqual([back(18)?.value, back(18)?.met], [20, false])
})

test('a run whose condition does not hold, or whose API became slower or faster, is INVALID', () => {
  const neverWell = withLogins(storm, () => false)
  assert.equal(judge(neverWell, storm, slo).verdict, 'INVALID')
  for (const [after, verdict] of [
    [35, 'PASS'],
    [33, 'INVALID'],
    [53, 'PASS'],
    [55, 'INVALID'],
    [undefined, 'INVALID'],
  ] as const)
    assert.equal(judge({ ...collapsed, capacity: { ...capacity, after } }, storm, slo).verdict, verdict, String(after))
})

test('fewer random arrivals than the mean are no missing load, within four deviations', () => {
  const keep = (share: number) => ({ ...collapsed, results: collapsed.results.filter((_, i) => i % 10 < 10 * share) })
  assert.equal(judge(keep(0.9), storm, slo).verdict, 'PASS')
  assert.equal(judge(keep(0.5), storm, slo).verdict, 'INVALID')
})

test('loads, patience and settings follow from the capacity, and such an experiment gets its own API and load', async () => {
  for (const name of [
    'queue',
    'littles-law',
    'retry-storm',
    'retry-backoff',
    'retry-budget',
    'goodput-collapse',
    'shed',
  ]) {
    const [slow, fast] = [await loadExperiment(name, slo, 20), await loadExperiment(name, slo, 80)]
    assert.ok(needsOwnApi(slow) && needsOwnLoad(slow), name)
    slow.phases.forEach((phase, i) => {
      assert.ok(Math.abs((fast.phases[i]?.logins ?? 0) / (phase.logins ?? 1) - 4) < 1e-9, `${name} ${phase.name}`)
      if (phase.clients)
        assert.ok(Math.abs(phase.clients.timeoutMs / (fast.phases[i]?.clients?.timeoutMs ?? 0) - 4) < 1e-9)
    })
  }
  const shed = await loadExperiment('shed', slo, 40)
  const { SHED_AFTER_MS = '' } = shed.settings ?? {}
  assert.equal(Number(SHED_AFTER_MS), Math.round((shed.phases[0]?.clients?.timeoutMs ?? 0) / 2))
})

test('journal, seconds and report hold what clients did, and nothing of it where they did nothing special', async () => {
  const about = {
    name: 'retry-storm',
    slo,
    target: { mode: 'embedded', journalMode: 'delete' } as const,
    again: 'again',
  }
  const journal = journalOf(collapsed, { ...about, experiment: storm })
  const read = schema.parse(JSON.parse(JSON.stringify(journal)))
  assert.deepEqual(read.capacity, { of: 'login', before: 45, after: 45 })
  assert.equal(read.environment.seed, 1)
  assert.deepEqual(read.planned.phases.at(-1)?.arrivals, 'poisson')
  const last = read.seconds.at(-5)
  assert.ok((last?.tries ?? 0) > 3 * (last?.offered ?? 0) && last?.goodput === 0)
  assert.ok(chartData(journal).charts.some(({ id }) => id === 'goodput'))
  assert.ok(!reportHtml(journal).includes('M/D/1'), 'clients that give up leave the queue')

  const plain = await loadExperiment('baseline', slo)
  const run = recorded(plain)
  const quiet = journalOf(run, { ...about, experiment: plain })
  assert.ok(quiet.seconds.every(({ offered }) => offered === undefined))
  assert.ok(!chartData(quiet).charts.some(({ id }) => id === 'goodput'))
})

test('the API counts logins for which nobody waits, and the highest second counts retries too', async () => {
  const collapse = await loadExperiment('goodput-collapse', slo, 45)
  const run = withLogins(collapse, (_, i) => i % 4 === 0, 2)
  // The API answers all of them well.
  const served = (moment: number) => run.results.filter(({ done }) => done <= moment).length
  const metrics = run.metrics.map((one) => ({ ...one, logged_in: served(one.at) }))
  const value = (phase: string, measure: MeasureName) => measureOf(measure, phase, { ...run, metrics }, slo).value ?? 0
  assert.ok(Math.abs(value('three-times', 'wasted') - 75) < 3, String(value('three-times', 'wasted')))
  // 135 a second, three of four with a second attempt.
  assert.ok(Math.abs(value('three-times', 'peak_of_attempts') - 3 * 1.75) < 0.3)
})

test('waits at an ideal server are off by nothing, in journal and report', async () => {
  const queue = await loadExperiment('queue', slo, 45)
  const perfect = idealQueue(queue, capacity)
  const judgement = judge(perfect, queue, slo)
  assert.equal(judgement.verdict, 'PASS', judgement.reasons.join('\n'))
  for (const { measure, value } of judgement.expectations)
    if (measure === 'wait_off_model') assert.ok((value ?? 9) < 1e-6, String(value))
  // It serves two at a time, and every tenth pair hangs: that is no queue with one server of constant speed.
  const stalls = perfect.results.map((one, i) => (i % 20 < 2 ? { ...one, done: one.done + 10_000 / 45 } : one))
  assert.equal(judge({ ...perfect, results: stalls }, queue, slo).verdict, 'FAIL')
  // In one phase only, it was the machine.
  const [from, to] =
    perfect.phases.filter(({ plan }) => plan.name === 'load-60').map(({ start, end }) => [start, end])[0] ?? []
  const once = perfect.results.map((one, i) =>
    one.due > Number(from) && one.due < Number(to) ? (stalls[i] ?? one) : one,
  )
  assert.equal(judge({ ...perfect, results: once }, queue, slo).verdict, 'PASS')
  const about = { name: 'queue', slo, target: { mode: 'embedded', journalMode: 'delete' } as const, again: 'again' }
  const journal = journalOf(perfect, { ...about, experiment: queue })
  assert.equal(journal.waits?.length, 10)
  assert.ok(reportHtml(journal).includes('<svg'))
})

test('on the real API: its capacity is found, abandoned logins are retried, and every attempt is in the results', async (t) => {
  const target = await api(t, { LOGIN_ATTEMPTS_PER_MINUTE: '0' })
  const { perSecond } = await measureCapacity(target, 'login', t.signal, 3)
  assert.ok(perSecond > 1, String(perSecond))
  const clients = { timeoutMs: 1, attempts: 3 }
  const experiment: Experiment = {
    ...storm,
    phases: [{ name: 'hasty', rate: 0, logins: 20, seconds: 1, arrivals: 'poisson', clients, overload: true }],
    expectations: [{ measure: 'amplification', phase: 'hasty', compare: '>', limit: 2, why: 'each is abandoned' }],
  }
  const { run, missed } = await playOn(target, experiment, slo)
  assert.deepEqual(missed, [])
  assert.equal(run.seed, 1)
  const logins = run.results.filter(({ kind }) => kind === 'login')
  const abandoned = logins.filter(({ error, attempts }) => error === 'timeout' && attempts?.length === 3)
  // On a busy machine a timer of 1 ms may be later than an answer.
  assert.ok(logins.length > 5 && abandoned.length > logins.length / 2, `${abandoned.length} of ${logins.length}`)
})

test("Little's law holds where the API, its clients and their latency agree, and is refuted where one of them does not", async () => {
  const law = await loadExperiment('littles-law', slo, 45)
  const run = idealQueue(law, capacity)
  const [from, to] =
    run.phases.filter(({ plan }) => plan.name === 'busy').map(({ start, end }) => [start, end])[0] ?? []
  const within = run.results.filter(({ due }) => due >= Number(from) && due < Number(to))
  const mean = within.reduce((sum, { sent, done }) => sum + done - sent, 0) / (Number(to) - Number(from))
  const seenBy = (active: number) => ({ ...run, metrics: run.metrics.map((one) => ({ ...one, active })) })
  assert.equal(judge(seenBy(mean), law, slo).verdict, 'PASS')
  assert.equal(judge(seenBy(2 * mean), law, slo).verdict, 'FAIL')
})

test('retry-in-step: waves that keep their shape are what was predicted, waves that are spread are not', async () => {
  const inStep = await loadExperiment('retry-in-step', slo, 45)
  // All of a rush are refused and come back once, after two seconds, or spread over three.
  const waves = (spread: (name: string) => boolean) => {
    const run = recorded(inStep)
    const results = run.phases.flatMap(({ plan, start, end }) =>
      evenly(start, end, plan.logins ?? 0).map((due, i): Result => {
        const again = due + 2_000 + (spread(plan.name) ? 1_000 * ((i % 3) - 1) : 0)
        const [first, second] = [
          { sent: due, done: due + 1, status: 503 },
          { sent: again, done: again + 20, status: 200 },
        ]
        const isRush = plan.name.startsWith('rush')
        return {
          kind: 'login',
          due,
          ...(isRush ? { ...second, sent: due } : first),
          status: 200,
          attempts: isRush ? [first, second] : [first],
        }
      }),
    )
    return judge({ ...run, capacity, seed: 1, results }, inStep, slo).verdict
  }
  assert.equal(
    waves((name) => name === 'rush-jittered'),
    'PASS',
  )
  assert.equal(
    waves(() => true),
    'FAIL',
  )
})
