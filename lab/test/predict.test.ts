import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { loadExperiment } from '../src/runner/experiment.ts'
import { says, scratchFolder, until } from './helpers.ts'
import { experiment, wideGoals } from './run-experiment.ts'

function guessing(t: TestContext, guesses: string, args: string[] = []) {
  const file = join(scratchFolder(t), 'guesses.json')
  writeFileSync(file, guesses)
  return experiment(t, ['experiment', 'baseline', '--seconds', '4', '--guesses', file, ...args])
}

const baseline = await loadExperiment('baseline', wideGoals())
const noPty = spawnSync('script', ['--version']).status !== 0 && 'there is no program script, which makes a terminal'

describe('predictions', { concurrency: 3 }, () => {
  test('guesses from a file stand beside what was measured, and are asked before the hypothesis', async (t) => {
    const run = guessing(t, '[1.5, "?", 3]')
    assert.equal(await run.ended, 0, run.out())
    const [journal] = run.journals()
    assert.deepEqual(
      journal?.predictions.map(({ guess, unit }) => [guess, unit]),
      [
        ['1.5', 'ms'],
        ['?', 'ms'],
        ['3', 'ms'],
      ],
    )
    for (const { value, measured, question } of journal?.predictions ?? []) {
      assert.equal(measured, `${value?.toFixed(1)} ms`)
      assert.ok(run.out().replace(/\s+/g, ' ').includes(`measured ${measured}`), question)
    }
  })

  for (const [what, guesses] of [
    ['too few', '[1, 2]'],
    ['words', '[1, 2, "soon"]'],
    ['no JSON', '1, 2, 3'],
  ] as const) {
    test(`a file with ${what} is answered with the questions, before anything is started`, async (t) => {
      const run = guessing(t, guesses)
      assert.equal(await run.ended, 2)
      for (const question of baseline.predictions) assert.ok(run.out().includes(question.question), run.out())
      assert.doesNotMatch(run.out(), /Warm-up/)
    })
  }

  test('without a terminal no question is asked, and that is said', async (t) => {
    const run = experiment(t, ['experiment', 'baseline', '--seconds', '4', '--predict'])
    assert.equal(await run.ended, 0, run.out())
    assert.match(run.out(), /no terminal to ask for predictions in.*--guesses FILE/)
    assert.deepEqual(run.journals()[0]?.predictions, [])
  })

  test('Ctrl-D at a question ends the command with exit code 2 and no stack trace', { skip: noPty }, async (t) => {
    const run = experiment(t, ['experiment', 'baseline', '--seconds', '4', '--predict'], undefined, { terminal: true })
    await says(run, /\(p50\)\? \[ms\]/)
    assert.doesNotMatch(run.out(), /Hypothesis/, 'it would give the answers away')
    run.child.stdin?.write('\u0004')
    assert.equal(await run.ended, 2, run.out())
    assert.doesNotMatch(run.out(), /^ +at /m)
  })

  test('in a terminal an empty answer or a word is asked again, and Ctrl-C leaves', { skip: noPty }, async (t) => {
    const args = ['experiment', 'baseline', '--seconds', '4', '--predict']
    const run = experiment(t, args, undefined, { terminal: true })
    const type = (text: string) => run.child.stdin?.write(text)
    const asked = () => run.out().match(/\(p50\)\? \[ms\]/g)?.length ?? 0
    await says(run, /\(p50\)\? \[ms\]/)
    for (const answer of ['\n', 'fast\n']) {
      const before = asked()
      type(answer)
      await until('it is asked again', () => asked() > before)
    }
    type('2\n')
    await says(run, /p95\)\? \[ms\]/)
    type('\u0003')
    assert.equal(await run.ended, 130, run.out())
    assert.doesNotMatch(run.out(), /Warm-up/)
  })
})

test('repeats end with median and spread, and each keeps a run of its own', async (t) => {
  const run = experiment(t, ['experiment', 'baseline', '--seconds', '4', '--runs', '2'])
  assert.equal(await run.ended, 0, run.out())
  assert.match(run.out(), /baseline: p95 < 20000 ms +[\d.]+ \([\d.]+ [\d.]+\) ms +2 of 2\n/)
  assert.deepEqual(
    run.journals().map(({ run }) => run),
    [
      { number: 1, of: 2 },
      { number: 2, of: 2 },
    ],
  )
})
