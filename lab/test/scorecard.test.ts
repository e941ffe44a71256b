import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { changes, figuresIn, scorecardHtml } from '../src/report/scorecard.ts'
import { together } from '../src/runner/judge.ts'
import { type Entry, type Scorecard, scorecardName, scorecardsIn } from '../src/runs/scorecard.ts'
import { root, says, scratchFolder } from './helpers.ts'
import { outageJournal } from './report-fixtures.ts'
import { experiment } from './run-experiment.ts'

const codes = { PASS: 0, FAIL: 1, INVALID: 2, SKIPPED: 0 }
/** The exit code of repeats. */
const codeOf = ({ entries }: Scorecard) => {
  const found = entries.map(({ verdict }) => codes[verdict])
  return found.includes(1) ? 1 : Math.max(...found)
}

test('a scorecard of two experiments is interrupted, goes on, and is compared with the last one', async (t) => {
  const runs = join(scratchFolder(t), 'runs')
  const where = ['--folder', runs, '--seconds', '5', '--commit', 'abc1234']
  const play = (...words: string[]) =>
    experiment(t, ['experiments', '--all', 'outage-lock,baseline', ...where, ...words])
  const inStack = { env: { LAB_SOCKET: '/gone', LAB_USERS: 'demo:none' } }
  const cards = () => scorecardsIn(runs)

  const first = play()
  await says(first, /2 of 2 +outage-lock/)
  first.child.kill('SIGINT')
  assert.equal(await first.ended, 130, first.out())
  const [cut] = cards()
  assert.deepEqual([cut?.planned, cut?.entries.map(({ name }) => name)], [['baseline', 'outage-lock'], ['baseline']])
  assert.match(first.out(), /make experiments ALL=1 RESUME=1 EMBEDDED=1\n/)
  assert.equal(await play('--resume', '--commit', 'def5678').ended, 2)
  assert.equal(await experiment(t, ['experiments', '--all=1', '--resume', ...where], undefined, inStack).ended, 2)
  assert.deepEqual(cards(), [cut], 'another commit or mode does not go on')

  // The length is that of the scorecard.
  const second = play('--resume', '--seconds', '60')
  const code = await second.ended
  const [whole, ...more] = cards()
  assert.ok(whole && more.length === 0, second.out())
  assert.deepEqual(whole.entries[0], cut?.entries[0], 'what was played is not played again')
  assert.deepEqual([whole.entries.map(({ name }) => name), whole.seconds], [whole.planned, 5])
  assert.equal(code, codeOf(whole))
  const { run = '', figures, verdict } = whole.entries[1] ?? assert.fail()
  // On a busy machine a fault may have come to nothing.
  const isMeasured = Number(figures?.failed) > 0 && Number(figures?.back_ms) > 0 && Number(figures?.degraded_ms) > 0
  assert.ok(isMeasured || verdict === 'INVALID', JSON.stringify(figures))
  const folder = join(runs, scorecardName(whole))
  const page = readFileSync(join(folder, 'report.html'), 'utf8')
  for (const { run } of whole.entries) assert.ok(page.includes(`href="../${run}/report.html"`))
  assert.ok(page.includes('abc1234') && existsSync(join(folder, '..', run, 'report.html')))
  for (const line of second
    .out()
    .split('\n')
    .filter((one) => !one.startsWith('Scorecard')))
    assert.ok(line.length <= 80, line)

  const none = play('--resume')
  assert.equal(await none.ended, 2, 'nothing is left to resume')
  assert.equal(cards().length, 1)
})

test('what cannot be played proves nothing, and the others are played', async (t) => {
  // A stack without an API.
  const nowhere = { API_URL: 'http://127.0.0.1:9', API_METRICS_URL: 'http://127.0.0.1:9', LAB_USERS: 'demo:none' }
  const env = { ...nowhere, LAB_SOCKET: '/gone', DATABASE_PATH: join(root, 'slo.json') }
  const runs = join(scratchFolder(t), 'runs')
  for (const names of ['baseline,outage-lock', 'baseline', 'baseline,outage-lock']) {
    const words = ['experiments', '--all', names, '--folder', runs, '--seconds', '1']
    const run = experiment(t, words, undefined, { env })
    assert.equal(await run.ended, 2, run.out())
  }
  const cards = scorecardsIn(runs)
  const [card] = cards
  assert.deepEqual(
    card?.entries.map(({ verdict, run, reasons }) => [verdict, run, reasons.length]),
    [
      ['INVALID', undefined, 1],
      ['INVALID', undefined, 1],
    ],
  )
  const comparedWith = (one: Scorecard) =>
    readFileSync(join(runs, scorecardName(one), 'report.html'), 'utf8').match(/\/(scorecard-[^/]+)\/report/)?.[1]
  assert.deepEqual(cards.map(comparedWith), [undefined, undefined, card && scorecardName(card)], 'the same experiments')
})

test('changes of a verdict and of a figure are named, noise is not', () => {
  const { met, figures } = figuresIn(outageJournal())
  const entry: Entry = { name: 'outage-chmod', verdict: 'PASS', reasons: [], took_s: 80, run: 'r', met, figures }
  const about = { schema: 1, started: '2026-11-27T10:00:00.000Z', mode: 'embedded', commit: 'a', machine: 'm' } as const
  const card: Scorecard = { ...about, planned: ['outage-chmod'], entries: [entry] }
  assert.ok(figures && Number(figures.failed) > 0.2 && figures.p95_ms !== null)
  const other = (change: object, verdict: 'PASS' | 'FAIL' = 'PASS'): Scorecard => ({
    ...card,
    entries: [{ ...entry, verdict, figures: { ...figures, ...change } }],
  })
  assert.deepEqual(changes(other({ p95_ms: Number(figures.p95_ms) + 4 }), card), [])
  const [worse = ''] = changes(other({ p95_ms: 900 }, 'FAIL'), card)
  assert.match(worse, /^outage-chmod: was PASS and is FAIL, p95 ms was [\d.]+ and is 900$/)
  assert.match(scorecardHtml(other({}, 'FAIL'), card), /was PASS and is FAIL/)
})

test('what this machine cannot play is skipped and changes no verdict', () => {
  assert.equal(together([{ verdict: 'PASS' }, { verdict: 'SKIPPED' }]), 'PASS')
  assert.equal(together([{ verdict: 'INVALID' }, { verdict: 'SKIPPED' }]), 'INVALID')
})
