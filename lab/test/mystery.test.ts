import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { debriefOf, mysteryQuestions, truthOf, wouldCall } from '../src/course/debrief.ts'
import { type Level, mystery, type Trouble, troubles } from '../src/course/mystery.ts'
import { optionsOf } from '../src/course/numbers.ts'
import { faultsOf, lengthOf } from '../src/runner/experiment.ts'
import { journalOf } from '../src/runner/journal-of.ts'
import { loadSlo } from '../src/slo.ts'
import { root, scratchFolder, until } from './helpers.ts'
import { answerAll, noPty, start } from './in-terminal.ts'
import { recorded } from './recorded.ts'

const slo = loadSlo(join(root, 'slo.json'))
const levels: Level[] = [1, 2, 3]
const seeds = Array.from({ length: 50 }, (_, seed) => seed)

/** The first seed that makes this trouble. */
const made = (trouble: Trouble, level: Level) =>
  seeds.map((seed) => mystery(seed, level, 300)).find((one) => one.trouble === trouble)

test('the same seed and level is the same mystery, other seeds are others', () => {
  for (const level of levels) {
    const all = seeds.map((seed) => JSON.stringify(mystery(seed, level, 300)))
    assert.deepEqual(
      seeds.map((seed) => JSON.stringify(mystery(seed, level, 300))),
      all,
    )
    assert.ok(new Set(all).size > 15)
  }
  for (const trouble of Object.keys(troubles)) assert.ok(made(trouble as Trouble, 2), trouble)
})

test('every mystery takes 45 seconds, ends its fault in time and begins after ten quiet seconds', () => {
  for (const level of levels)
    for (const seed of seeds) {
      const { experiment } = mystery(seed, level, 300)
      assert.equal(lengthOf(experiment), 45)
      for (const { at, for: length } of faultsOf(experiment)) assert.ok(at >= 13 && at + length <= 40)
      for (const { seconds } of experiment.phases) assert.ok(seconds > 0)
    }
})

test('each trouble has an alert that exists', () => {
  const rules = readFileSync(join(root, 'prometheus/rules/alerts.yml'), 'utf8')
  for (const { alert } of Object.values(troubles)) assert.ok(rules.includes(`alert: ${alert}\n`), alert)
})

test('whether an alert would have called is read from its rule', () => {
  assert.deepEqual(wouldCall('DatabaseUnavailable', 3), { waits: 0, over: undefined, calls: true })
  const { waits } = wouldCall('ApiDown', 0)
  assert.ok(waits > 0)
  assert.deepEqual([wouldCall('ApiDown', waits - 1).calls, wouldCall('ApiDown', waits).calls], [false, true])
})

test('the truth: the row in which the fault began, and the signals that saw it first', () => {
  const found = made('outage', 1)
  assert.ok(found)
  const { experiment } = found
  const run = recorded(experiment)
  const target = { mode: 'embedded', journalMode: 'delete' } as const
  const about = { name: 'x', experiment, slo, target, again: '' }
  const journal = journalOf(run, about)
  const { since, alarms, first } = truthOf(journal)
  assert.equal(since, (faultsOf(experiment)[0]?.at ?? 0) + 1)
  assert.deepEqual([first, alarms.get('failed'), alarms.has('p95')], [['failed', '/health'], 1, false])
  // No idea of the first, 2 s late with the second, and a signal that did not move.
  const [what, when, signal] = debriefOf(journal, 'outage', ['?', String(since + 2), 'c']).rows
  assert.deepEqual([what?.[1], signal?.[1]], ['?', mysteryQuestions.map(optionsOf)[2]?.[2]])
  assert.equal(when?.[2], `${since}: 2 s late`)
})

test('a mystery shows numbers only, asks three questions and tells the truth', { skip: noPty }, async (t) => {
  const folder = join(scratchFolder(t), 'runs')
  const run = start(t, folder, ['mystery', '--seed', '4', '--level', '1'])
  await until('it asks', () => run.out().includes('What was it'), 150)
  assert.equal((run.out().match(/^ +\d+ s {2}/gm) ?? []).length, 45, 'a row for each second')
  assert.doesNotMatch(run.out().split('What was it')[0] ?? '', /<-|Rolled back|felt it/)
  await answerAll(run)
  assert.match(run.out(), /SEED=4/)
})
