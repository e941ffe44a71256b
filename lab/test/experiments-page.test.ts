import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { allKinds } from '../src/faults/fault.ts'
import { experimentNames, lengthOf, loadExperiment, plannedPhases, scale } from '../src/runner/experiment.ts'
import { loadSlo } from '../src/slo.ts'
import { root } from './helpers.ts'

const folder = join(root, 'lab', 'src', 'experiments')
const page = readFileSync(join(root, 'docs', 'experiments.md'), 'utf8')
const slo = loadSlo(join(root, 'slo.json'))

test('the example on the page is one of the experiments, to the letter', () => {
  const [, name = ''] = /\[`([\w-]+\.ts)`\]\(\.\.\/lab\/src\/experiments/.exec(page) ?? []
  const [, example] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  assert.equal(example, readFileSync(join(folder, name), 'utf8'))
})

test('the page names every kind of fault', () => {
  for (const kind of [...allKinds, 'crash']) assert.ok(page.includes(`\`${kind}\``), kind)
})

test('every experiment is under 60 lines, and holds together', async () => {
  for (const file of readdirSync(folder)) {
    assert.ok(readFileSync(join(folder, file), 'utf8').split('\n').length < 60, file)
  }
  for (const name of experimentNames()) {
    const experiment = await loadExperiment(name, slo)
    const { phases, faults = [], expectations, predictions } = experiment
    const names = phases.map((phase) => phase.name)
    assert.equal(new Set(names).size, names.length, `${name}: each phase has a name of its own`)
    for (const one of names)
      assert.match(one, /^[a-z0-9-]{1,40}$/, `${name}: ${one} is a label on the lab's metrics page`)
    for (const { phase } of [...expectations, ...predictions])
      assert.ok(phase === undefined || names.includes(phase), name)
    for (const fault of faults)
      assert.ok(fault.at + fault.for < lengthOf(experiment), `${name}: all faults end in time`)
    assert.ok(predictions.length >= 3 && predictions.length <= 5, name)
    assert.ok(experiment.question.endsWith('?'), name)
  }
})

test('in any length a fault stays in the phase it began in', async () => {
  for (const name of experimentNames()) {
    const full = await loadExperiment(name, slo)
    const phaseOf = (experiment: typeof full, at: number) =>
      plannedPhases(experiment).find(({ from_s, to_s }) => at >= from_s && at < to_s)?.plan.name
    for (const factor of [0.1, 1 / 3, 0.7777, 1, 2.5]) {
      const scaled = scale(full, factor)
      const where = (experiment: typeof full) => experiment.faults?.map(({ at }) => phaseOf(experiment, at))
      assert.deepEqual(where(scaled), where(full), `${name} × ${factor}`)
    }
  }
})
