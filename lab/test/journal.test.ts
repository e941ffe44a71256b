import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { isSuccess } from '../src/load/figures.ts'
import { lesson, nextCommand, serviceStory } from '../src/report/story.ts'
import { phaseColumns, phaseRows } from '../src/report/tables.ts'
import { loadExperiment } from '../src/runner/experiment.ts'
import { journalOf } from '../src/runner/journal-of.ts'
import type { Run } from '../src/runner/run.ts'
import { journal as schema } from '../src/runs/journal.ts'
import { loadSlo } from '../src/slo.ts'
import { root } from './helpers.ts'
import { at, recorded, withResults } from './recorded.ts'

const slo = loadSlo(join(root, 'slo.json'))

/** The journal of a recorded run, with a test's own changes. */
async function journalFor(name: string, change: (run: Run) => Run = (run) => run) {
  const experiment = await loadExperiment(name, slo)
  const run = change(recorded(experiment))
  const target = { mode: 'embedded', journalMode: 'delete' } as const
  const about = { name, experiment, slo, target, again: `make ${name}` }
  return journalOf(run, about)
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

test('one failed request of thousands is not rounded away', async () => {
  const { happened, ...rest } = await journalFor('peak', (run) => {
    const last = run.results.length - 1
    return { ...run, results: run.results.map((one, i) => (i === last ? { ...one, status: 500 } : one)) }
  })
  const { failed, due, error_ratio } = happened.phases.at(-1)?.figures ?? assert.fail()
  assert.deepEqual([failed, error_ratio], [1, 1 / due])
  const row = phaseRows({ happened, ...rest }).at(-1)
  const written = phaseColumns.find(({ column }) => column === 'error_ratio')?.write(row?.error_ratio ?? null)
  assert.match(written ?? '', /^0\.00\d+ %$/)
})

for (const name of ['demo', 'flapping'])
  test(`${name}: every request counts in one phase, or among those that count in none`, async () => {
    let all: Run['results'] = []
    // Refusals that arrive while a fault begins or ends.
    const { happened, ...rest } = await journalFor(name, (run) => {
      const change = ({ due }: { due: number }) => (due % 1000 > 960 ? { done: due + 90 } : undefined)
      const changed = withResults(run, change)
      all = changed.results
      return changed
    })
    const counted = [...happened.phases.map(({ figures }) => figures), happened.in_no_phase ?? assert.fail()]
    const sum = (of: 'due' | 'failed') => counted.reduce((total, one) => total + one[of], 0)
    assert.deepEqual([sum('due'), sum('failed')], [all.length, all.filter((one) => !isSuccess(one)).length])
    const { due = 0 } = happened.in_no_phase ?? {}
    assert.ok(due > 0)
    assert.match(serviceStory({ happened, ...rest }).join(' '), new RegExp(`\\b${due.toLocaleString('en')} more`))
  })

test("the API's own count of errors has one value, in the table of expectations and phase by phase", async () => {
  // Read late in each second: what a phase ends with is seen in the next one.
  const { expectations, ...journal } = await journalFor('demo', (run) => {
    const refusals = run.results.filter(({ status }) => status === 503)
    const at = (moment: number) => refusals.filter(({ done }) => done <= moment).length
    return { ...run, metrics: run.metrics.map((one) => ({ at: one.at + 400, db_errors_total: at(one.at + 400) })) }
  })
  const rows = phaseRows({ ...journal, expectations })
  const judged = expectations.filter(({ measure }) => measure === 'db_errors')
  assert.equal(judged.length, 2)
  for (const { phase, value } of judged) assert.equal(rows.find(({ name }) => name === phase)?.db_errors, value)
})

/** A kill -9 that the timer made 2 ms before its phase began; the API listens again 1.5 s later. */
function crashed(run: Run): Run {
  const killed = at(15) - 2
  const isDown = (moment: number) => moment >= killed && moment < at(16.5)
  const gone = ({ due }: { due: number }) =>
    isDown(due) ? { status: 0, error: 'ECONNREFUSED', done: due + 1 } : undefined
  const undone = { at: at(16.5), intact: true, did: 'the API was started again' }
  const faults = run.faults.map((one) => ({ ...one, injectedAt: killed, landedAt: killed + 4, undone }))
  const data = run.data.map((one) => (isDown(one.at) ? { ...one, status: 0 } : one))
  return { ...withResults(run, gone), faults, data }
}

test('a crash lasts until the API listens again, and belongs to the phase for which it was planned', async () => {
  const journal = await journalFor('crash', crashed)
  assert.deepEqual(
    journal.seconds.slice(14, 18).map(({ trouble }) => trouble),
    [null, 'crash', null, null],
  )
  assert.equal(journal.happened.faults[0]?.phase, 'crash')
  const [before, crash] = serviceStory(journal)
  assert.match(before ?? '', /^crash: 450 of 4,500 .*ECONNREFUSED.*crash for 1\.5 s.* after the kill/)
  assert.match(crash ?? '', /^In all judged phases 450 of/)
  // From the kill on: the first probe after the new start is answered 3 ms after it was sent.
  assert.equal(journal.happened.faults[0]?.recovered_after_ms, 1505)
})

test('a phase without a failure names no kind of failure', async () => {
  const journal = await journalFor('outage-lock')
  const [, before] = journal.happened.phases
  const second = journal.seconds.find(({ phase }) => phase === before?.name) ?? assert.fail()
  second.statuses = { 200: 299, ECONNRESET: 1 }
  journal.happened.faults[0] = { ...(journal.happened.faults[0] ?? assert.fail()), phase: before?.name }
  assert.match(serviceStory(journal)[0] ?? '', /^before: 0 of /)
  assert.doesNotMatch(serviceStory(journal)[0] ?? '', /ECONNRESET/)
})

test('requests that were never sent are told apart from those that were answered', async () => {
  const journal = await journalFor('outage-lock', (run) => ({ ...run, dropped: Array(1_048).fill(at(4)) }))
  const [before = ''] = serviceStory(journal)
  assert.match(before, /^before: 1,048 of .* \(1,048 never sent\)/)
  const figures = journal.happened.phases.find(({ name }) => name === 'before')?.figures ?? assert.fail()
  const second = journal.seconds.find(({ phase }) => phase === 'before') ?? assert.fail()
  second.statuses = { 200: 299, 503: 1 }
  assert.doesNotMatch(serviceStory(journal)[0] ?? '', /503/, 'it met the fault, and counts in no phase')
  figures.failed++
  assert.match(serviceStory(journal)[0] ?? '', /\(503, 1,048 never sent\)/)
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
