// The report of a comparison, from recorded seconds.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Browser } from 'puppeteer-core'
import { tradeoffHtml } from '../src/report/tradeoff.ts'
import type { TradeoffJournal } from '../src/runs/tradeoff-journal.ts'
import { browser, noBrowser, open } from './report-browser.ts'
import { outageJournal } from './report-fixtures.ts'

let chromium: Browser
const started = noBrowser ? undefined : browser({ after }).then((one) => (chromium = one))

/** Three rounds; the latencies of the second variant are ten times those of the first, and one round is an outlier. */
function comparison(): TradeoffJournal {
  const name = '<b>old</b>'
  const plays = [1, 2, 3].flatMap((round) => [
    { variant: name, round, journal: outageJournal() },
    { variant: 'new', round, journal: outageJournal() },
  ])
  for (const { variant, round, journal } of plays)
    for (const second of journal.seconds) second.p95_ms = round === 3 ? 9_000 : variant === 'new' ? 50 : 5
  return {
    schema: 2,
    tradeoff: 'old-or-new',
    question: 'Which one?',
    decision: 'The old one.',
    unmeasured: 'Taste.',
    variants: [
      { name, settings: { JOURNAL_MODE: 'delete' } },
      { name: 'new', settings: {} },
    ],
    rounds: 3,
    compared: [
      {
        ...{ measure: 'p95', phase: 'quiet', title: 'p95', unit: 'ms', better: name, why: 'it is so' },
        ...{
          values: [
            [5, 5, 9_000],
            [50, 50, 9_000],
          ],
          contrast: null,
          words: ['5 ms', '50 ms', '+45'],
        },
        ...{ says: 'Nothing to see.', met: 'unclear' },
      },
    ],
    verdict: 'INVALID',
    reasons: ['noise'],
    again: 'make tradeoff NAME=old-or-new',
    plays,
  }
}

type Data = { charts: { title: string; lines: { name: string; values: (number | null)[] }[] }[] }

test('every chart holds a line of each variant: the median of its rounds', () => {
  const page = tradeoffHtml(comparison())
  const [, text = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page) ?? []
  const { charts }: Data = JSON.parse(text)
  for (const { title, lines } of charts) assert.equal(lines.length, 2, title)
  const p95 = charts.find(({ title }) => title.endsWith(': p95'))?.lines ?? []
  assert.deepEqual(
    p95.map(({ values }) => [values[3], values[40]]),
    [
      [5, 5],
      [50, 50],
    ],
  )
  assert.ok(!page.includes('<b>old</b>'), 'what is read from a journal is text')
  assert.ok(page.includes('JOURNAL_MODE=delete'))
})

test('the page draws its charts and asks for nothing', { skip: noBrowser }, async (t) => {
  await started
  for (const width of [360, 1280]) {
    const { page, wrong } = await open(t, chromium, tradeoffHtml(comparison()), { width, scheme: 'dark' })
    assert.equal(await page.evaluate('document.querySelectorAll(".plot canvas").length'), 4)
    assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= width, `${width} px`)
    assert.deepEqual(wrong, [])
  }
})
