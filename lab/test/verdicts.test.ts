import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { judge as judgeOfK6 } from '../../k6/judge.ts'
import type { Goal, Result } from '../src/load/figures.ts'
import { heldUpMs, isSuccess, lagOf, latencyOf, quantile, sorted } from '../src/load/figures.ts'
import { virtualUsers } from '../src/load/mix.ts'
import { verdictWords } from '../src/report/story.ts'
import { loadExperiment } from '../src/runner/experiment.ts'
import { judge } from '../src/runner/judge.ts'
import { measure } from '../src/runner/measures.ts'
import type { Run } from '../src/runner/run.ts'
import { figuresOf, inWords, select } from '../src/runner/selection.ts'
import { loadSlo } from '../src/slo.ts'
import { root } from './helpers.ts'
import { at, evenly, onBusyMachine, recorded, withResults } from './recorded.ts'

const slo = loadSlo(join(root, 'slo.json'))
const outage = await loadExperiment('outage-chmod', slo)
const peak = await loadExperiment('peak', slo)
const good = recorded(outage)
const fault = good.faults[0] ?? assert.fail()
const phase = good.phases.find(({ from_s, to_s }) => fault.plan.at >= from_s && fault.plan.at < to_s)?.plan.name
const inFault = ({ due }: Result) => due >= fault.injectedAt && due < fault.undone.at
const judged = (run: Run) => judge(run, outage, slo)
const wrong = (run: Run) =>
  judged(run)
    .expectations.filter(({ met }) => !met)
    .map(({ measure, phase }) => `${phase}: ${measure}`)

describe('PASS', () => {
  for (const name of ['baseline', 'peak', 'outage-lock', 'outage-chmod', 'demo', 'flapping'])
    test(`a run of ${name} as it should be`, async () => {
      const experiment = await loadExperiment(name, slo)
      const { verdict, reasons } = judge(recorded(experiment), experiment, slo)
      assert.deepEqual([verdict, reasons], ['PASS', []])
    })

  test('a request that the rollback overtook is no success during the fault, however late its answer', () => {
    const last = (one: Result) => inFault(one) && one.due > fault.undone.at - 150
    const late = withResults(good, (one) => (last(one) ? { status: 200, done: fault.undone.at + 40 } : undefined))
    const { expectations } = judged(late)
    const refused = expectations.find(({ measure }) => measure === 'refused') ?? assert.fail()
    const { due, failed } = figuresOf(select(late, slo, phase) ?? assert.fail())
    assert.equal(refused.value, 100)
    assert.ok(due > failed)
    assert.match(refused.measured, new RegExp(`; ${due - failed} served`))
  })

  test('a fault that is felt late counts from its injection: the requests in between waited for it', () => {
    const frozen = withResults(good, (one) => (inFault(one) ? { status: 200, done: fault.undone.at } : undefined))
    const late = { ...frozen, faults: [{ ...fault, landedAt: fault.undone.at - 1 }] }
    const waited = select(late, slo, phase)?.data.map(({ due, done }) => done - due) ?? []
    assert.ok(Math.max(...waited) > 1_000, `${waited.length} requests`)
  })

  test('nothing is expected of a log that cannot be read', () => {
    const { verdict, expectations } = judged({ ...good, logged: undefined })
    assert.equal(verdict, 'PASS')
    assert.ok(!expectations.some(({ measure }) => measure === 'refusals_logged'))
  })
})

test('a refusal that the log lacks is missed, however many lines of the probe are there beside the others', () => {
  const probes = Array.from({ length: 320 }, (_, i) => `probe ${i}`)
  const found = (ids: string[]) => measure('refusals_logged', undefined, { ...good, logged: new Set(ids) }, slo)
  assert.equal(found([...good.refused, ...probes]).value, 100)
  const { value = 100, words } = found([...good.refused.slice(1), ...probes])
  assert.ok(value < 100)
  assert.equal(words, '2,398 of 2,399')
})

describe('FAIL', () => {
  const changes: [what: string, run: Run, missed: string[]][] = [
    ['a lost note', { ...good, lost: ['42'] }, ['the whole run: notes_lost']],
    ['notes that could not be read back', { ...good, lost: undefined }, ['the whole run: notes_lost']],
    [
      'refusals that the log lacks',
      { ...good, logged: new Set(good.refused.slice(1)) },
      ['the whole run: refusals_logged'],
    ],
    [
      '/health that does not always answer',
      { ...good, health: good.health.map((one, i) => (i % 10 ? one : { ...one, status: 0 })) },
      [`${phase}: health_answered`],
    ],
    [
      'a success during the fault',
      withResults(good, (one) => (inFault(one) && one.kind === 'read' ? { status: 200 } : undefined)),
      [`${phase}: refused`],
    ],
    [
      'a service that does not come back',
      { ...good, data: good.data.filter(({ done }) => done < fault.undone.at) },
      [`${phase}: recovered_after`],
    ],
    [
      'refusals that take 150 ms',
      withResults(good, (one) => (inFault(one) ? { done: one.due + 150 } : undefined)),
      [`${phase}: p99`],
    ],
    [
      'an API that freezes during the fault and answers everything afterwards',
      {
        ...withResults(good, (one) => (inFault(one) ? { status: 200, done: fault.undone.at + 20 } : undefined)),
        refused: [],
      },
      [`${phase}: refused`, `${phase}: p99`, 'the whole run: refusals_logged'],
    ],
  ]
  for (const [what, run, missed] of changes)
    test(what, () => {
      assert.deepEqual(wrong(run), missed)
      assert.equal(judged(run).verdict, 'FAIL')
    })

  test('an API that died, whatever else could not be measured', () => {
    const { verdict, reasons } = judged({ ...good, died: 'It ended.', results: [], wallOffsetAtEnd: 9_000 })
    assert.deepEqual([verdict, reasons[0]], ['FAIL', 'It ended.'])
  })
})

describe('INVALID', () => {
  const dropped = [at(4), at(4.01)]
  const runs: [what: string, run: Run][] = [
    ['a clock that jumped', { ...good, wallOffsetAtEnd: -3_600_000 }],
    ['a fault that came late', { ...good, faults: [{ ...fault, injectedAt: fault.injectedAt + 2_500 }] }],
    [
      'a fault that was in force for half of its time only',
      { ...good, faults: [{ ...fault, undone: { ...fault.undone, at: fault.injectedAt + 500 * fault.plan.for } }] },
    ],
    [
      'a fault that something else ended',
      { ...good, faults: [{ ...fault, undone: { ...fault.undone, intact: false } }] },
    ],
    ['a fault that could not be injected', { ...good, problems: ['The record cannot be written.'] }],
    ['a watcher that stood still', { ...good, health: good.health.filter((one) => one.at < at(4) || one.at > at(6)) }],
    ['requests that were never sent', { ...good, dropped }],
    ['a load that was not reached', { ...good, results: good.results.filter((_, i) => i % 20) }],
    ['a generator that was late itself', withResults(good, (one) => ({ sent: one.due + 110, done: one.due + 115 }))],
  ]
  for (const [what, run] of runs)
    test(what, () => {
      const { verdict, reasons } = judged(run)
      assert.equal(verdict, 'INVALID')
      assert.ok(reasons.length > 0)
    })
})

describe('a busy machine', () => {
  const slow = withResults(good, (one) => (inFault(one) ? { done: one.due + 150 } : undefined))

  test('makes a time that was missed INVALID', () => {
    assert.equal(judged(slow).verdict, 'FAIL')
    assert.equal(judged(onBusyMachine(slow)).verdict, 'INVALID')
  })

  test('is one reason for each phase and a headline of its own, whatever it made late', () => {
    const late = withResults(good, (one) => ({ sent: one.due + 110, done: one.due + (inFault(one) ? 400 : 20_115) }))
    const { verdict, busy, reasons, expectations } = judged(onBusyMachine(late))
    assert.deepEqual([verdict, busy], ['INVALID', true], reasons.join('\n'))
    const missed = expectations.filter(({ met }) => !met)
    assert.ok(missed.length > 3, `${missed.length}`)
    const phases = reasons.map((one) => one.split(':')[0])
    assert.equal(new Set(phases).size, phases.length, reasons.join('\n'))
    const words = (busy?: boolean) => verdictWords({ verdict, busy, expectations })
    assert.notEqual(words(true), words())
    assert.equal([words(true), ...reasons].join('\n').split('again').length, 2, 'the advice is given once')
  })

  test('is not the headline where something else is a reason too', () => {
    const { verdict, busy, reasons } = judged({ ...onBusyMachine(slow), problems: ['The record cannot be written.'] })
    assert.deepEqual([verdict, busy], ['INVALID', undefined])
    assert.ok(reasons.length > 2)
  })

  test('excuses only what was slow while it was busy', () => {
    const isBefore = ({ to }: { to: number }) => to < fault.injectedAt
    const machine = good.machine.map((one) => ({ ...one, busy: isBefore(one) }))
    assert.equal(judged({ ...slow, machine }).verdict, 'FAIL')
  })

  test('excuses a moment only when it was busy for 5 % of the phase, and seen so twice', () => {
    const isLate = ({ done }: { done: number }) => done < fault.undone.at || done > fault.undone.at + 1_500
    const late = { ...good, data: good.data.filter(isLate) }
    assert.deepEqual(wrong(late), [`${phase}: recovered_after`])
    const busyFor = (...lengths: number[]) =>
      lengths.map((ms, i) => ({ from: fault.undone.at + i, to: fault.undone.at + i + ms, busy: true }))
    for (const lengths of [[200], [200, 200], [600]])
      assert.equal(judged({ ...late, machine: busyFor(...lengths) }).verdict, 'FAIL')
    assert.equal(judged({ ...late, machine: busyFor(200, 200, 200) }).verdict, 'INVALID')
  })

  const unanswered = (one: Result) => ({ status: 0, error: 'timeout', done: one.due + 10_000 })
  const some = (one: Result) => Math.floor(one.due) % 20 === 0
  const late: [what: string, run: Run][] = [
    ['requests without an answer', withResults(good, (one) => (some(one) ? unanswered(one) : undefined))],
    ['notes that could not be read back', { ...good, lost: undefined }],
    ['refusals that the log lacks', { ...good, logged: new Set(good.refused.slice(1)) }],
    [
      '/health without an answer',
      { ...good, health: good.health.map((one, i) => (i % 10 ? one : { ...one, status: 0 })) },
    ],
    [
      'a /health that never said degraded',
      { ...good, health: good.health.map((one) => ({ ...one, degraded: false })) },
    ],
    ['no success after the fault', { ...good, data: good.data.filter(({ done }) => done < fault.undone.at) }],
    ['metrics that could not be read', { ...good, metrics: [] }],
    [
      'work that was refused before the fault',
      withResults(good, (one) => (some(one) && !inFault(one) ? { status: 503 } : undefined)),
    ],
  ]
  for (const [what, run] of late)
    test(`excuses ${what}`, () => {
      assert.equal(judged(run).verdict, 'FAIL')
      assert.equal(judged(onBusyMachine(run)).verdict, 'INVALID')
    })

  const answers: [what: string, run: Run][] = [
    [
      'a success during the fault',
      withResults(good, (one) => (inFault(one) && some(one) ? { status: 200 } : undefined)),
    ],
    [
      'a status 500 during the fault',
      withResults(good, (one) => (inFault(one) && some(one) ? { status: 500 } : undefined)),
    ],
    [
      'a status 404 before the fault',
      withResults(good, (one) => (some(one) && !inFault(one) ? { status: 404 } : undefined)),
    ],
    ['a lost note', { ...good, lost: ['42'] }],
    [
      '/health with status 500',
      { ...good, health: good.health.map((one, i) => (i % 10 ? one : { ...one, status: 500 })) },
    ],
  ]
  for (const [what, run] of answers) {
    test(`excuses no ${what}`, () => assert.equal(judged(onBusyMachine(run)).verdict, 'FAIL'))

    test(`excuses no ${what}, also beside a load or a clock that was wrong, and names it`, () => {
      for (const trouble of [{ dropped: [at(4)] }, { wallOffsetAtEnd: -3_600_000 }]) {
        const { verdict, reasons } = judged({ ...onBusyMachine(run), ...trouble })
        assert.deepEqual([verdict, reasons.length > 0], ['FAIL', true])
      }
    })
  }

  test('a fault that failed explains other answers, but no lost note', () => {
    const open = withResults(good, (one) => (inFault(one) ? { status: 200 } : undefined))
    const failed = { ...open, problems: ['The record cannot be written.'] }
    assert.equal(judged(failed).verdict, 'INVALID')
    assert.equal(judged({ ...failed, lost: ['42'] }).verdict, 'FAIL')
  })

  test('excuses no attempt that was accepted, but those without an answer', async () => {
    const experiment = await loadExperiment('forged-tokens', slo)
    const run = recorded(experiment)
    const { plan, start, end } = run.phases.find(({ plan }) => plan.attack) ?? assert.fail()
    const attack = (status: number) => {
      const attempts = evenly(start, end, plan.attack?.perSecond ?? 0).map((moment, i) => ({
        ...{ what: `forgery ${i % 30}`, at: moment, done: moment + 5, told: 'no' },
        status: i === 7 ? status : 401,
      }))
      return onBusyMachine({ ...run, attacks: [{ phase: plan.name, name: 'forged-tokens', attempts }] })
    }
    const verdicts = [401, 0, 200, 500].map((status) => judge(attack(status), experiment, slo).verdict)
    assert.deepEqual(verdicts, ['PASS', 'INVALID', 'FAIL', 'FAIL'])
  })

  test('excuses nothing that it makes smaller, such as a time that was to be long', async () => {
    const experiment = await loadExperiment('busy-timeout', slo)
    assert.equal(judge(onBusyMachine(recorded(experiment)), experiment, slo).verdict, 'FAIL')
  })

  test('excuses logins that the API refused because their hashes took too long', async () => {
    const experiment = await loadExperiment('noisy-login', slo)
    const { plan, start, end } = recorded(experiment).phases.find(({ plan }) => plan.logins) ?? assert.fail()
    const logins = evenly(start, end, plan.logins ?? 0).map((due, i): Result => {
      const status = i % 10 ? 200 : 429
      return { kind: 'login', due, sent: due, done: due + 60, status }
    })
    const quiet = recorded(experiment)
    const run = { ...quiet, results: [...quiet.results, ...logins] }
    assert.equal(judge(run, experiment, slo).verdict, 'FAIL')
    assert.equal(judge(onBusyMachine(run), experiment, slo).verdict, 'INVALID')
  })

  test('excuses no lost note, also beside a time that was missed', () => {
    assert.equal(judged({ ...onBusyMachine(slow), lost: ['42'] }).verdict, 'FAIL')
  })

  test('excuses nothing where all was as expected', () => {
    assert.equal(judged(onBusyMachine(good)).verdict, 'PASS')
  })
})

describe('an API that answers so late that requests cannot be sent', () => {
  for (const name of ['before', phase ?? ''])
    test(`${name}: fails, unless this machine or the generator was too slow itself`, () => {
      const run = hanging(good, name)
      assert.equal(judged(run).verdict, 'FAIL')
      assert.equal(judged(onBusyMachine(run)).verdict, 'INVALID')
      assert.equal(judged({ ...run, maxWaiting: () => 20_000 }).verdict, 'INVALID', 'few requests waited')
      assert.equal(judged(withResults(run, ({ due }) => ({ sent: due + 110 }))).verdict, 'INVALID', 'sent late')
    })

  test('is counted where nothing else that was missed would show it', () => {
    const dropped = hanging(good, phase ?? '').dropped
    const { due } = good.results.find(({ due }) => due > fault.injectedAt + 1_000) ?? assert.fail()
    const few = {
      ...withResults(good, (one) => (one.due === due ? { done: due + heldUpMs } : undefined)),
      dropped,
      maxWaiting: () => 2,
    }
    assert.deepEqual([judged(few).verdict, wrong(few)], ['FAIL', []])
  })

  test('proves nothing where more was asked of it on purpose than it can take', async () => {
    const experiment = await loadExperiment('spike', slo)
    assert.equal(judge(hanging(recorded(experiment), 'spike'), experiment, slo).verdict, 'INVALID')
  })
})

describe('one goal, one meaning: k6 and the lab judge the same requests alike', async () => {
  const goal = slo.goals.peak
  const run = recorded(peak)
  const isPeak = ({ due }: Result) => due >= (run.phases.find(({ plan }) => plan.name === 'peak')?.start ?? 0)
  const runs: [what: string, run: Run, verdict: string][] = [
    ['fast answers', run, 'PASS'],
    ['4 of 100 requests too slow', change((i) => i % 25 === 0 && { done: 400 }), 'PASS'],
    ['6 of 100 requests too slow', change((i) => i % 17 === 0 && { done: 400 }), 'FAIL'],
    ['2 of 100 requests refused', change((i) => i % 50 === 0 && { status: 503 }), 'PASS'],
    ['4 of 100 requests refused', change((i) => i % 25 === 0 && { status: 503 }), 'FAIL'],
    ['4 of 100 requests unanswered', change((i) => i % 25 === 0 && { status: 0, done: 250 }), 'FAIL'],
    ['a limit that only late sending made them miss', change(() => ({ sent: 140, done: 305 })), 'INVALID'],
    [
      'late sending, and refusals that it does not explain',
      change((i) => ({ sent: 100, done: 350, ...(i % 10 === 0 && { status: 503 }) })),
      'FAIL',
    ],
    ['a limit that is met although requests are sent late', change(() => ({ sent: 200, done: 205 })), 'INVALID'],
    ['a slow API that the generator kept waiting for', change((i) => i % 10 === 0 && { done: 900 }), 'FAIL'],
    ['a dropped request', { ...run, dropped: [at(20)] }, 'INVALID'],
    ['a load that was not reached', { ...run, results: run.results.filter((_, i) => i % 20) }, 'INVALID'],
    ['an API that hangs', hanging(run, 'peak'), 'FAIL'],
    ['an API that hangs, and few requests that wait for it', hungBriefly(40), 'INVALID'],
    ['an API that hangs so briefly that the goal is met all the same', hungBriefly(1_000), 'FAIL'],
    ['a stall of 0.55 s, in which more clients wait than k6 has', stalled(550), 'INVALID'],
  ]

  /** Two requests were dropped, while so many waited for two seconds. */
  function hungBriefly(waiting: number): Run {
    const hung = change((i) => i < waiting && { done: 2_500 - 2 * i })
    return { ...hung, dropped: [at(20), at(20)] }
  }

  /** Nothing is answered for so long; what k6 has no client for is dropped. */
  function stalled(ms: number): Run {
    const [begin, most] = [at(20), virtualUsers(goal.rate)]
    const waiting = run.results.filter(({ due }) => due >= begin && due < begin + ms)
    const dropped = new Set(waiting.slice(most))
    const slow = withResults(run, (one) =>
      waiting.some(({ due }) => due === one.due) ? { done: begin + ms } : undefined,
    )
    const dues = [...dropped].map(({ due }) => due)
    return { ...slow, results: slow.results.filter(({ due }) => !dues.includes(due)), dropped: dues }
  }

  /** Moments of a change count from when the request was due. */
  function change(of: (number: number) => false | { status?: number; sent?: number; done?: number }): Run {
    let number = 0
    return withResults(run, (one) => {
      const changed = isPeak(one) && of(number++)
      if (!changed) return undefined
      const { status = one.status, sent = 0, done = 5 } = changed
      return { status, sent: one.due + sent, done: one.due + done }
    })
  }

  for (const [what, run, verdict] of runs)
    test(`${what}: ${verdict}`, () => {
      const { plan, start, end } = run.phases.find(({ plan }) => plan.name === 'peak') ?? assert.fail()
      const load = { requests: plan.rate * plan.seconds, seconds: plan.seconds, users: virtualUsers(plan.rate) }
      const during = run.results.filter(({ due }) => due >= start && due < end)
      const k6s = judgeOfK6(summaryOfK6(during, run.dropped.length, goal), goal, load)
      const labs = judge({ ...run, maxWaiting: ({ rate }) => virtualUsers(rate) }, peak, slo)
      assert.deepEqual([k6s.verdict, labs.verdict], [verdict, verdict], [...k6s.reasons, ...labs.reasons].join('\n'))

      const selection = select(run, slo, 'peak') ?? assert.fail()
      const { failed, due, p95_ms } = figuresOf(selection)
      assert.deepEqual([k6s.failed, k6s.requests + k6s.dropped, k6s.latency], [failed, due, p95_ms])
    })

  test('k6 says what a late generator and a reader who ended it did, each by itself', () => {
    const [requests, seconds] = [1_000, 60]
    const load = { requests, seconds, users: 100 }
    const late = Array.from({ length: requests }, (_, i): Result => {
      return { kind: 'read', due: i * 60, sent: i * 60 + 200, done: i * 60 + 205, status: 200 }
    })
    const whole = judgeOfK6(summaryOfK6(late, 0, goal), goal, load)
    assert.deepEqual([whole.verdict, whole.rows.map(({ met }) => met)], ['INVALID', [true, true, true, false]])
    assert.match(whole.rows[2]?.words ?? '', /^1,000 of 1,000/)
    for (const dropped of [0, 340]) {
      const cut = summaryOfK6(late.slice(0, 283), dropped, goal)
      const { verdict, reasons } = judgeOfK6({ ...cut, state: { testRunDurationMs: 17_000 } }, goal, load)
      assert.deepEqual([verdict, /\b17 s/.test(reasons[0] ?? '')], ['INVALID', true])
    }
  })
})

/** Nothing is answered for as long as the load keeps waiting; what is due beyond that is dropped. */
function hanging(run: Run, name: string): Run {
  const { start, end } = run.phases.find(({ plan }) => plan.name === name) ?? assert.fail()
  const isDropped = ({ due }: Result) => due >= end - 1_000 && due < end
  const hung = withResults(run, (one) =>
    one.due >= start && one.due < end ? { status: 0, error: 'timeout', done: end + 10 } : undefined,
  )
  const dropped = hung.results.filter(isDropped).map(({ due }) => due)
  return { ...hung, dropped, results: hung.results.filter((one) => !isDropped(one)), maxWaiting: () => 2_000 }
}

/** What k6 would have counted of these requests. */
function summaryOfK6(results: Result[], dropped: number, goal: Goal) {
  const trend = (of: (one: Result) => number) => {
    const values = sorted(results.map(of))
    const shares = { 'p(50)': 0.5, 'p(95)': 0.95, 'p(99)': 0.99, max: 1, [`p(${goal.quantile * 100})`]: goal.quantile }
    return {
      values: Object.fromEntries(Object.entries(shares).map(([name, share]) => [name, quantile(values, share)])),
    }
  }
  const passes = results.filter((one) => !isSuccess(one)).length
  return {
    metrics: {
      latency_from_due: trend(latencyOf),
      latency_from_sent: trend(({ sent, done }) => done - sent),
      generator_lag: trend(lagOf),
      held_up: { values: { count: results.filter(({ sent, done }) => done - sent >= heldUpMs).length } },
      failed_requests: { values: { passes, fails: results.length - passes } },
      ...(dropped > 0 && { dropped_iterations: { values: { count: dropped } } }),
    },
    state: { testRunDurationMs: 200_000 },
  }
}

test('a value that missed its limit is printed with the digits that show it', () => {
  const written = (value: number, unit: string, limit?: number) => inWords({ value }, unit, limit)
  assert.deepEqual(
    [written(100.4, 'ms', 100), written(99.96, 'ms', 100), written(100, 'ms', 100), written(1234.5, 'ms', 100)],
    ['100.4 ms', '99.96 ms', '100 ms', '1,235 ms'],
  )
  assert.deepEqual([written(100.4, 'ms'), written(1.001, '%', 1), written(1, '%', 1)], ['100 ms', '1.001 %', '1 %'])
  const { rows } = judgeOfK6(
    summaryOfK6([{ kind: 'read', due: 0, sent: 0, done: 300.04, status: 200 }], 0, slo.goals.peak),
    slo.goals.peak,
    { requests: 1, seconds: 1, users: 1 },
  )
  assert.deepEqual(
    rows.slice(0, 2).map(({ words }) => words),
    ['300.04 ms', '0.00 % (0 of 1)'],
  )
})
