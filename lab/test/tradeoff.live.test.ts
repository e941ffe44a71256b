import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { report } from '../src/commands/show.ts'
import { findRun } from '../src/runs/find-run.ts'
import type { TradeoffJournal } from '../src/runs/tradeoff-journal.ts'
import { experiment } from './run-experiment.ts'

test('a comparison plays both variants in turn, keeps one folder, and finds the large differences', async (t) => {
  const run = experiment(t, ['tradeoff', 'refuse-or-wait', '--seconds', '4', '--runs', '2'], (slo) => {
    slo.outage.refusal_p99_ms = 100
  })
  const code = await run.ended
  const [folder = '', ...others] = readdirSync(run.kept)
  assert.deepEqual(others, [], 'no index, no draft')
  const file = (name: string) => readFileSync(join(run.kept, folder, name), 'utf8')
  const journal: TradeoffJournal = JSON.parse(file('journal.json'))
  assert.equal(code, { PASS: 0, FAIL: 1, INVALID: 2 }[journal.verdict])
  assert.equal(run.out().trim().split('\n').at(-1), `Verdict: ${journal.verdict}`)
  assert.deepEqual(
    journal.plays.map(({ variant, round }) => `${variant} ${round}`),
    ['refuse 1', 'wait 1', 'refuse 2', 'wait 2'],
  )
  const next = 'make tradeoff NAME=limit-or-none EMBEDDED=1 LENGTH=4 RUNS=2'
  assert.equal(/^Try next:\n +(.*)$/m.exec(run.out())?.[1], journal.verdict === 'INVALID' ? journal.again : next)
  const settings = journal.plays.map(({ journal }) => journal.environment.settings?.BUSY_TIMEOUT_MS)
  assert.deepEqual(settings, ['0', '5000', '0', '5000'])
  const seconds = file('metrics_events.jsonl').trim().split('\n')
  assert.equal(seconds.length, 4 * 4)
  assert.ok(file('report.html').includes('id="compared-2"'))

  // A comparison is found by its name, and is no run.
  assert.match(report(run.kept, 'refuse-or-wait'), new RegExp(`^${journal.verdict} `))
  assert.throws(() => findRun(run.kept))

  if (journal.plays.some(({ journal }) => journal.verdict === 'INVALID')) return t.skip(journal.reasons[0])
  const found = (measure: string, phase: string) =>
    journal.compared.find((one) => one.measure === measure && one.phase === phase)?.contrast?.found
  assert.equal(found('errors', 'lock'), 'B', 'a request that waits is served in the end')
  assert.equal(found('health_slowest', 'lock'), 'A', '/health freezes with the thread that waits')
})
