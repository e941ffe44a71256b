import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { lesson, nextCommand, serviceStory } from '../src/report/story.ts'
import { phaseColumns, phaseRows } from '../src/report/tables.ts'
import { loadExperiment } from '../src/runner/experiment.ts'
import { journalOf } from '../src/runner/journal-of.ts'
import { judge } from '../src/runner/judge.ts'
import { journal as schema } from '../src/runs/journal.ts'
import { loadSlo } from '../src/slo.ts'
import { root } from './helpers.ts'
import { recorded } from './recorded.ts'

const slo = loadSlo(join(root, 'slo.json'))

/** The journal of a recorded run. */
async function journalFor(name: string) {
  const experiment = await loadExperiment(name, slo)
  const run = recorded(experiment)
  const target = { mode: 'embedded', journalMode: 'delete' } as const
  const about = { name, experiment, slo, target, run: { number: 1, of: 1 }, predictions: [], again: `make ${name}` }
  return journalOf(run, judge(run, experiment, slo), about)
}

for (const name of ['demo', 'outage-lock', 'flapping', 'peak']) {
  test(`the journal of ${name} is one that can be read again, whole`, async () => {
    const journal = JSON.parse(JSON.stringify(await journalFor(name)))
    assert.deepEqual(schema.parse(journal), journal, 'every field is in the schema')
  })
}

test('the table of phases shows the very values that were judged', async () => {
  const { expectations, ...journal } = await journalFor('demo')
  const rows = new Map(phaseRows({ ...journal, expectations }).map((row) => [row.name, row]))
  const latencies = expectations.filter(({ measure }) => /^p\d\d$/.test(measure ?? ''))
  assert.ok(latencies.length >= 4)
  for (const { phase, measure, value } of latencies) {
    const column = phaseColumns.find(({ title }) => title === `${measure} ms`)?.column
    assert.equal(column && rows.get(phase)?.[column], value, `${phase}: ${measure}`)
  }
  const errors = expectations.filter(({ measure }) => measure === 'errors')
  for (const { phase, value } of errors) assert.equal(100 * (rows.get(phase)?.error_ratio ?? Number.NaN), value)
})

test('the story of a run leaves the warm-up out', async () => {
  const journal = await journalFor('demo')
  const figures = journal.happened.phases[0]?.figures
  assert.ok(figures)
  Object.assign(figures, { p95_ms: 7777, failed: 3 })
  assert.doesNotMatch(serviceStory(journal).join(' '), /7,777|warm-up/)
})

test('a run that proved nothing has no lesson and is tried again; the others name the next experiment', async () => {
  const journal = await journalFor('demo')
  const invalid = { ...journal, verdict: 'INVALID' } as const
  assert.deepEqual([lesson(invalid), nextCommand(invalid)], [undefined, 'make demo'])
  assert.equal(nextCommand(journal), 'make experiment NAME=outage-chmod EMBEDDED=1')
  assert.equal(lesson(journal)?.text, journal.learned)
  assert.notEqual(lesson({ ...journal, verdict: 'FAIL' })?.title, lesson(journal)?.title)
})
