// The statistics and the verdict of a comparison, on recorded rounds; and every comparison as data.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { comparedRows, metWords } from '../src/report/tradeoff.ts'
import { faultsOf, lengthOf, withLength } from '../src/runner/experiment.ts'
import { judgeTradeoff, type Play } from '../src/runner/judge-tradeoff.ts'
import { experimentOf, loadTradeoff, type Tradeoff, tradeoffNames } from '../src/runner/tradeoff.ts'
import { loadSlo } from '../src/slo.ts'
import { root } from './helpers.ts'

const slo = loadSlo(join(root, 'slo.json'))

/** Rounds of one measure, as they were recorded for two variants. */
function plays(a: (number | undefined)[], b: (number | undefined)[], change: Partial<Play> = {}): Play[] {
  return a.flatMap((value, i) =>
    ['old', 'new'].map((variant, side) => ({
      variant,
      round: i + 1,
      values: [side === 0 ? value : b[i]],
      verdict: 'PASS' as const,
      reasons: [],
      ...(variant === 'new' && i === 1 && change),
    })),
  )
}

function judged(better: string, rounds: Play[], measure: 'p95' | 'reads_served' = 'p95') {
  const settings = {}
  const variants: Tradeoff['variants'] = [
    { name: 'old', settings },
    { name: 'new', settings },
  ]
  const { compared, verdict, reasons } = judgeTradeoff(
    { variants, compared: [{ measure, better, why: 'it is so' }] },
    rounds,
  )
  return { found: compared[0]?.contrast?.found, met: metWords(compared), verdict, reasons }
}

const different = plays([20, 22, 21], [10, 11, 12])
const alike = plays([20, 20.5, 21], [20.8, 20.1, 20.4])
const noisy = plays([20, 35, 22], [15, 31, 12])

test('a difference counts when every pair shows it and it exceeds the spread', () => {
  assert.deepEqual(judged('new', different), { found: 'B', met: 'yes', verdict: 'PASS', reasons: [] })
  assert.equal(judged('old', different).verdict, 'FAIL')
  assert.equal(judged('neither', different).verdict, 'FAIL')
})

test('of a share of served requests more is better', () => {
  assert.equal(judged('old', different, 'reads_served').verdict, 'PASS')
  assert.equal(judged('new', different, 'reads_served').verdict, 'FAIL')
})

test('values within a tenth are alike: an expected difference was not there', () => {
  assert.equal(judged('neither', alike).met, 'yes')
  assert.equal(judged('new', alike).verdict, 'FAIL')
  assert.equal(judged('neither', plays([0, 0, 0], [0, 0, 0])).found, 'alike')
})

test('apart is a ratio or a difference, since noise grows with the value', () => {
  assert.equal(judged('new', plays([6400, 8700, 6000], [120, 1380, 300])).verdict, 'PASS')
  assert.equal(judged('old', plays([8, 9, 10], [232, 100, 150])).verdict, 'PASS')
  assert.equal(judged('old', plays([8, 0, 10], [232, 100, 150])).found, 'unclear')
  assert.equal(judged('old', plays([0, 0, 0], [80, 100, 90])).verdict, 'PASS')
})

test('noise hides an expected difference, and shows none where none was expected', () => {
  // Every pair agrees, but one variant alone scatters by more.
  assert.deepEqual([judged('new', noisy).found, judged('new', noisy).verdict], ['unclear', 'INVALID'])
  assert.equal(judged('old', noisy).verdict, 'INVALID')
  assert.deepEqual([judged('neither', noisy).met, judged('neither', noisy).verdict], ['not refuted', 'PASS'])
  // The pairs disagree.
  assert.equal(judged('new', plays([20, 20, 20], [10, 30, 10])).found, 'unclear')
  // Clear, but less than a tenth.
  assert.equal(judged('new', plays([100, 100.1, 100], [95, 95.1, 95])).found, 'alike')
})

test('a value that is missing in one round makes the measure unclear, whatever was expected', () => {
  const missing = plays([20, 22, 21], [10, undefined, 12])
  for (const better of ['new', 'neither']) assert.equal(judged(better, missing).verdict, 'INVALID')
})

test('a play that proves nothing makes the comparison INVALID, one that failed FAIL', () => {
  for (const verdict of ['INVALID', 'FAIL'] as const) {
    const result = judged('new', plays([20, 22, 21], [10, 11, 12], { verdict, reasons: ['the clock jumped'] }))
    assert.equal(result.verdict, verdict)
    assert.match(result.reasons[0] ?? '', /new.*2.*the clock jumped/)
  }
})

test('each of three variants is compared with the first', () => {
  const rounds = [1, 2, 3].flatMap((round) =>
    Object.entries({ old: 20, new: 10, other: 20 }).map(([variant, value]) => {
      return { variant, round, values: [value + round / 10], verdict: 'PASS' as const, reasons: [] }
    }),
  )
  const variants = ['old', 'new', 'other'].map((name) => ({ name, settings: {} }))
  const verdictFor = (better: string[]) =>
    judgeTradeoff({ variants, compared: [{ measure: 'p95', better, why: 'it is so' }] }, rounds)
  const { compared, verdict } = verdictFor(['new'])
  assert.equal(verdict, 'PASS')
  assert.deepEqual(
    compared.map(({ better, contrast }) => [better, contrast?.found]),
    [
      ['new', 'B'],
      ['neither', 'alike'],
    ],
  )
  assert.deepEqual(
    comparedRows({ compared, variants }).rows.map(({ cells }) => cells),
    [['20.2 ms', '10.2 ms', '20.2 ms']],
  )
  assert.equal(verdictFor(['new', 'other']).verdict, 'FAIL')
})

for (const name of tradeoffNames()) {
  test(`${name} compares variants in phases that it has, at any length`, async () => {
    const tradeoff = await loadTradeoff(name, slo)
    const names = tradeoff.variants.map((one) => one.name)
    assert.ok(names.length > 1)
    assert.equal(new Set(names).size, names.length)
    const phases = tradeoff.phases.map((one) => one.name)
    for (const { phase = '', better } of tradeoff.compared) {
      assert.ok(phases.includes(phase), phase)
      for (const one of [better].flat()) assert.ok([...names, 'neither'].includes(one), one)
    }
    // A difference in the expected direction only would not teach what the other side is worth.
    assert.ok(
      new Set(tradeoff.compared.flatMap(({ better }) => better)).size > 1,
      'not all measures favour one variant',
    )
    const [, second = { name: '', settings: {} }] = tradeoff.variants
    const short = experimentOf(withLength(tradeoff, 9), second)
    assert.equal(Math.round(lengthOf(short) * 1000), 9000)
    for (const { at, for: length } of faultsOf(short)) assert.ok(at + length < 9)
    assert.deepEqual(short.settings, second.settings)
  })
}

test('no two comparisons have the same place in the list', async () => {
  const orders = await Promise.all(tradeoffNames().map(async (name) => (await loadTradeoff(name, slo)).order))
  assert.equal(new Set(orders).size, orders.length)
})
