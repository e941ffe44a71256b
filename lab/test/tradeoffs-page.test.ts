// docs/trade-offs.md shows the figures of recorded comparisons. A file in fixtures/tradeoffs is the journal.json of a run without
// its `plays`.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadTradeoff, tradeoffNames } from '../src/runner/tradeoff.ts'
import type { TradeoffJournal } from '../src/runs/tradeoff-journal.ts'
import { loadSlo } from '../src/slo.ts'
import { root } from './helpers.ts'

const page = readFileSync(join(root, 'docs', 'trade-offs.md'), 'utf8')
const slo = loadSlo(join(root, 'slo.json'))

for (const name of tradeoffNames()) {
  test(`the page names ${name}, and its table holds the figures of the recorded run`, async () => {
    assert.ok(page.includes(`\`make tradeoff NAME=${name}\``))
    const file = join(root, 'lab', 'test', 'fixtures', 'tradeoffs', `${name}.json`)
    const { variants, compared }: TradeoffJournal = JSON.parse(readFileSync(file, 'utf8'))
    const [a = '', b = ''] = variants.map((one) => one.name)
    const rows = compared.map(({ phase, title, words, contrast }) => {
      const found = contrast?.found ?? 'unclear'
      const better = { A: a, B: b, alike: 'no difference', unclear: 'unclear' }[found]
      return `| ${phase}: ${title} | ${words.join(' | ')} | ${better} |`
    })
    const table = [`| | ${a} | ${b} | ${b} − ${a} | better |`, '| --- | --- | --- | --- | --- |', ...rows].join('\n')
    assert.ok(page.includes(table), `docs/trade-offs.md has the table\n${table}`)

    // A comparison that was changed has to be recorded again.
    const now = await loadTradeoff(name, slo)
    assert.deepEqual(
      variants.map(({ settings }) => settings),
      now.variants.map(({ settings }) => settings),
    )
    const measures = (all: { measure: string; better: string }[]) => all.map(({ measure, better }) => [measure, better])
    assert.deepEqual(measures(compared), measures(now.compared))
  })
}
