import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { offBy } from '../src/report/story.ts'
import { experimentNames, loadExperiment } from '../src/runner/experiment.ts'
import { measures } from '../src/runner/measures.ts'
import { besideMeasured, guessOf } from '../src/runner/predict.ts'
import { loadSlo } from '../src/slo.ts'
import { root, says, scratchFolder, until } from './helpers.ts'
import { recorded } from './recorded.ts'
import { experiment, wideGoals } from './run-experiment.ts'

const slo = wideGoals()
const baseline = await loadExperiment('baseline', slo)

function guessing(t: TestContext, guesses: string, args: string[] = []) {
  const file = join(scratchFolder(t), 'guesses.json')
  writeFileSync(file, guesses)
  return experiment(t, ['experiment', 'baseline', '--seconds', '4', '--guesses', file, ...args])
}

const noPty = spawnSync('script', ['--version']).status !== 0 && 'there is no program script, which makes a terminal'

test('a guess stands beside what was measured, with the reason of the same expectation or one of its own', async () => {
  const outage = await loadExperiment('outage-lock', loadSlo(join(root, 'slo.json')))
  const [one, other, ...rest] = outage.predictions.map(({ why, ...question }) => question)
  assert.ok(one && other)
  const own = { ...outage, predictions: [one, { ...other, why: 'its own' }, ...rest] }
  const found = besideMeasured(own, ['50', '?', '1'], recorded(outage), slo)
  const [degraded, refused] = found
  const expected = outage.expectations.find(({ measure }) => measure === 'degraded_after')
  assert.deepEqual([degraded?.guess, degraded?.unit, degraded?.why], ['50', 'ms', expected?.why])
  assert.ok((degraded?.value ?? Number.NaN) > 0)
  assert.deepEqual([refused?.guess, refused?.value, refused?.why], ['?', 100, 'its own'])
  assert.equal(found.at(-1)?.guess, '?', 'a guess that is missing')
})

test('a guess is read as the lab writes numbers, with its unit or without, and nothing else is', () => {
  const read = (measure: 'p95' | 'errors', answers: string[]) => answers.map((answer) => guessOf(answer, { measure }))
  assert.deepEqual(read('p95', ['1,000', '1,234,567.5', '5 ms', '5ms', ' 1.5 ', '-1', '?', '1 s', '0.5s']), [
    ...['1000', '1234567.5', '5', '5', '1.5', '-1', '?', '1000', '500'],
  ])
  assert.deepEqual(read('errors', ['50%', '50 %']), ['50', '50'])
  const none = (answers: string[]) => answers.map(() => undefined)
  const unclear = ['', 'maybe', '1,5', '1,0000', '10,00', ',5', '5 h', 's', '5 %']
  assert.deepEqual(read('p95', unclear), none(unclear))
})

test('no measure says a word twice, in its title and in its unit', () => {
  const wordsOf = (text: string) => (text.match(/\w+/g) ?? []).map((word) => word.toLowerCase().replace(/s$/, ''))
  for (const { title, unit } of Object.values(measures))
    assert.deepEqual(
      wordsOf(unit).filter((word) => wordsOf(title).includes(word)),
      [],
      `${title} ... ${unit}`,
    )
})

test('a status is right or wrong, by no multiple', () => {
  const { unit } = measures.health_status
  const off = (guess: string) => offBy({ guess, unit, value: 200 })
  assert.deepEqual([off('503'), off('201')], [off('404'), off('404')])
  assert.doesNotMatch(off('503'), /\d/)
  assert.notEqual(off('200'), off('503'))
})

test('every prediction of every experiment has a reason to show afterwards', async () => {
  for (const name of experimentNames()) {
    const { predictions, expectations } = await loadExperiment(name, slo)
    for (const one of predictions) {
      const expected = expectations.find(({ measure, phase }) => measure === one.measure && phase === one.phase)
      const why = one.why ?? expected?.why
      assert.ok(why && why !== 'the goal in slo.json', `${name}: ${one.question}`)
    }
  }
})

describe('questions', { concurrency: 3 }, () => {
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

  test('without a terminal no question is asked, and a remark says why', async (t) => {
    const run = experiment(t, ['experiment', 'baseline', '--seconds', '4', '--predict'])
    await says(run, 'Warm-up')
    assert.match(run.out(), /GUESSES=/)
    for (const { question } of baseline.predictions) assert.ok(!run.out().includes(question))
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
    for (const answer of ['\n', 'fast\n', '1,5\n']) {
      const before = asked()
      type(answer)
      await until('it is asked again', () => asked() > before)
    }
    assert.equal(run.out().match(/without its unit/g)?.length, 3, 'and told why')
    type('2 ms\n')
    await says(run, /p95\)\? \[ms\]/)
    type('\u0003')
    assert.equal(await run.ended, 130, run.out())
    assert.doesNotMatch(run.out(), /Warm-up/)
  })
})

test('guesses from a file and repeats: each run keeps its own journal, and median and spread come last', async (t) => {
  const run = guessing(t, '[1.5, "?", 3]', ['--runs', '2'])
  // On a busy machine the verdicts may be INVALID: guesses and table are the same.
  await run.ended
  assert.match(run.out(), /baseline: p95 < 20000 ms +[\d.,]+ \([\d.,]+ to [\d.,]+\) ms +2 of 2\n/)
  const journals = run.journals()
  assert.deepEqual(
    journals.map(({ run }) => run),
    [
      { number: 1, of: 2 },
      { number: 2, of: 2 },
    ],
  )
  for (const { predictions } of journals) {
    assert.deepEqual(
      predictions.map(({ guess }) => guess),
      ['1.5', '?', '3'],
    )
    for (const { measured } of predictions) assert.ok(run.out().replace(/\s+/g, ' ').includes(`measured ${measured}`))
  }
})
