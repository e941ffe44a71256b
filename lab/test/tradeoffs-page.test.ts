// docs/trade-offs.md shows the figures of recorded comparisons. A file in fixtures/tradeoffs is the journal.json of a run without
// its `plays`.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { comparedRows } from '../src/report/tradeoff.ts'
import { judgeTradeoff } from '../src/runner/judge-tradeoff.ts'
import { loadTradeoff, tradeoffNames } from '../src/runner/tradeoff.ts'
import type { TradeoffJournal } from '../src/runs/tradeoff-journal.ts'
import { loadSlo } from '../src/slo.ts'
import { root } from './helpers.ts'

const page = readFileSync(join(root, 'docs', 'trade-offs.md'), 'utf8')
const slo = loadSlo(join(root, 'slo.json'))

for (const name of tradeoffNames()) {
  test(`the page names ${name}, and its table holds the figures of the recorded run`, async (t) => {
    assert.ok(page.includes(`\`make tradeoff NAME=${name}\``))
    const file = join(root, 'lab', 'test', 'fixtures', 'tradeoffs', `${name}.json`)
    if (!existsSync(file)) return t.skip('not recorded yet')
    const { variants, compared, capacity }: TradeoffJournal = JSON.parse(readFileSync(file, 'utf8'))
    const { heads, rows } = comparedRows({ variants, compared })
    const [a = '', ...others] = variants.map((one) => one.name)
    const lines = rows.map(({ phase, title, cells, pairs }) => {
      const better = pairs.map(({ contrast }, i) => {
        const names = { A: a, B: others[i], alike: 'no difference', unclear: 'unclear' }
        return names[contrast?.found ?? 'unclear']
      })
      return `| ${phase}: ${title} | ${cells.join(' | ')} | ${better.join(', ')} |`
    })
    const titles = ['', ...heads, others.length > 1 ? `better than ${a}` : 'better']
    const table = [`|${titles.join(' | ')} |`, `|${' --- |'.repeat(titles.length)}`, ...lines].join('\n')
    assert.ok(page.includes(table), `docs/trade-offs.md has the table\n${table}`)

    // A comparison that was changed has to be recorded again.
    const now = await loadTradeoff(name, slo, capacity)
    assert.deepEqual(
      variants.map(({ settings }) => settings),
      now.variants.map(({ settings }) => settings),
    )
    const expected = judgeTradeoff(now, []).compared.map(({ measure, better }) => [measure, better])
    assert.deepEqual(
      compared.map(({ measure, better }) => [measure, better]),
      expected,
    )
  })
}
