// Every experiment as data; no API is started.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, openSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { experimentLines } from '../src/commands/show.ts'
import {
  experimentNames,
  faultsOf,
  lengthAsked,
  lengthOf,
  loadExperiment,
  needsOwnApi,
  plannedPhases,
  scale,
} from '../src/runner/experiment.ts'
import { loadSlo } from '../src/slo.ts'
import { lab, main, root, scratchFolder } from './helpers.ts'

const slo = loadSlo(join(root, 'slo.json'))
const names = experimentNames()
const all = await Promise.all(names.map(async (name) => ({ name, experiment: await loadExperiment(name, slo) })))
const load = (name: string) => loadExperiment(name, slo)

for (const { name, experiment } of all) {
  test(`${name} speaks only of phases that it has, and names another experiment to try next`, () => {
    const phases = experiment.phases.map(({ name }) => name)
    const spoken = [...experiment.expectations, ...experiment.predictions].flatMap(({ phase }) => phase ?? [])
    for (const phase of spoken) assert.ok(phases.includes(phase), phase)
    assert.equal(new Set(phases).size, phases.length)
    for (const phase of phases) assert.match(phase, /^[a-z0-9-]{1,40}$/, 'a label on the metrics page')
    const end = Math.max(0, ...faultsOf(experiment).map(({ at, for: length }) => at + length))
    assert.ok(end < lengthOf(experiment), 'all faults end in time')
    assert.ok(experiment.predictions.length >= 3 && experiment.predictions.length <= 5)
    assert.ok(experiment.next !== name && names.includes(experiment.next), experiment.next)
  })
}

test('the order of the experiments follows their level, and no two have the same place', () => {
  const ordered = all.map(({ experiment }) => experiment).sort((a, b) => a.order - b.order)
  const levels = ordered.map(({ level }) => level)
  assert.deepEqual(levels, [...levels].sort())
  assert.equal(new Set(ordered.map(({ order }) => order)).size, all.length)
})

test('experiments that belong side by side have the same phases and rates', async () => {
  const shape = async (name: string) =>
    (await load(name)).phases.map(({ name, rate, seconds }) => ({ name, rate, seconds }))
  for (const [first = '', ...others] of [
    [
      'outage-lock',
      'outage-chmod',
      'outage-move',
      'busy-timeout',
      'outage-lock-wal',
      'read-only',
      'disk-full',
      'server-crash',
    ],
    ['brute-force', 'brute-force-unlimited', 'brute-force-distributed'],
  ]) {
    const expected = await shape(first)
    for (const name of others) assert.deepEqual(await shape(name), expected, name)
  }
})

test('LENGTH makes every run longer, and shorter unless that would prove nothing', async () => {
  const [usual, tokens] = await Promise.all(['baseline', 'stolen-token'].map((name) => loadExperiment(name, slo)))
  assert.ok(usual && tokens)
  assert.deepEqual([lengthAsked(usual, 8), lengthAsked(tokens, 8)], [8, lengthOf(tokens)])
  assert.deepEqual([lengthAsked(usual), lengthAsked(tokens, 99)], [lengthOf(usual), 99])
})

test('an experiment that needs more than a running API offers gets an API of its own', () => {
  const own = all.filter(({ experiment }) => needsOwnApi(experiment)).map(({ name }) => name)
  for (const name of [
    'crash',
    'server-crash',
    'disk-full',
    'busy-timeout',
    'stolen-token',
    'weak-secret',
    'brute-force-distributed',
  ])
    assert.ok(own.includes(name), name)
  for (const name of ['baseline', 'outage-lock', 'read-only', 'demo', 'flood', 'forged-tokens'])
    assert.ok(!own.includes(name), name)
})

describe('the timeline of faults', () => {
  test('a fault of a phase lasts from its begin to its end, at any length', async () => {
    for (const factor of [0.1, 1 / 3, 0.7777, 1, 2.5]) {
      const experiment = scale(await load('demo'), factor)
      const phases = plannedPhases(experiment)
      const faults = faultsOf(experiment)
      assert.deepEqual(
        faults.map(({ kind }) => kind),
        ['chmod', 'lock'],
      )
      for (const { kind, at, for: length } of faults) {
        const phase = phases.find(({ plan }) => plan.name === kind)
        assert.equal(at, phase?.from_s)
        assert.equal(Math.round((at + length) * 1000), Math.round((phase?.to_s ?? 0) * 1000))
      }
    }
  })

  test('a fault with times of its own stays in its phase, at any length', async () => {
    for (const factor of [0.1, 1 / 3, 0.7777, 1, 2.5]) {
      for (const { experiment } of all) {
        const scaled = scale(experiment, factor)
        const phaseOf = (of: typeof experiment, at: number) =>
          plannedPhases(of).find(({ from_s, to_s }) => at >= from_s && at < to_s)?.plan.name
        const where = (of: typeof experiment) => of.faults?.map(({ at }) => phaseOf(of, at))
        assert.deepEqual(where(scaled), where(experiment))
      }
    }
  })

  test('faults with times of their own are kept, in order', async () => {
    const faults = faultsOf(await load('flapping'))
    assert.deepEqual(
      faults.map(({ at }) => at),
      [10, 16, 22, 28, 34],
    )
  })
})

test('the list has every experiment with its length, in order', async () => {
  const lines = await experimentLines(slo)
  const listed = [...lines.matchAll(/^([a-z-]+) \(.*?(\d+) s\)$/gm)]
  assert.deepEqual(listed.map(([, name]) => name).sort(), names)
  assert.equal(listed[0]?.[1], 'demo')
  for (const [, name = '', seconds] of listed) assert.equal(Number(seconds), Math.round(lengthOf(await load(name))))
})

const inOrder = all.toSorted((a, b) => a.experiment.order - b.experiment.order).map(({ name }) => name)
test('a wrong name is answered with the names that exist', async (t) => {
  for (const name of ['outage', '../main', '']) {
    const run = lab(t, ['experiment', name])
    assert.equal(await run.ended, 2)
    const said = run.out().split('\n')
    for (const line of said) assert.ok(line.length <= 80, line)
    const listed = run.out().match(/[a-z]+(-[a-z]+)*(?=[,.])/g)
    assert.deepEqual(listed, inOrder)
  }
})

test('experiments are found in a checkout whose path has characters that mean something in a URL', async (t) => {
  const copy = join(scratchFolder(t), 'a #b?c%20d')
  cpSync(join(root, 'lab/src'), join(copy, 'lab/src'), { recursive: true })
  for (const file of ['slo.json', 'package.json']) cpSync(join(root, file), join(copy, file))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const run = lab(t, ['experiments'], { main: join(copy, 'lab/src/main.ts') })
  assert.equal(await run.ended, 0, run.out())
  assert.ok(run.out().includes('outage-lock'))
})

const noFull = !existsSync('/dev/full') && 'there is no /dev/full here'
test('an output that cannot be written is an error, also of a command that is over', { skip: noFull }, () => {
  const { status } = spawnSync(process.execPath, [main, 'experiments'], {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
  })
  assert.equal(status, 2)
})
