// Lessons as a person plays them, in a terminal, to their end. How their runs are judged does not matter here.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { lessonNames } from '../src/course/lesson.ts'
import { says, scratchFolder, until } from './helpers.ts'
import { answerAll, noPty, prompt, start } from './in-terminal.ts'
import { isMeasured, played, progressIn } from './played-lesson.ts'
import { experiment } from './run-experiment.ts'

// Each waits for its runs most of its time.
describe('every number is in the texts of lesson', { concurrency: 2 }, () => {
  for (const name of lessonNames()) {
    if (/03-outage|04-frozen|08-crash/.test(name)) continue // below, and in experiment.live.test.ts
    test(name, { skip: noPty }, async (t) => {
      const { out } = await played(t, name, 6)
      isMeasured(t, out)
    })
  }
})

test('a lesson that was left goes on, finds the run that was made elsewhere, and ends with its numbers', {
  skip: noPty,
}, async (t) => {
  const folder = join(scratchFolder(t), 'runs')
  const left = start(t, folder, ['lesson', 'outage', '--seconds', '8'])
  const out = () => stripVTControlCharacters(left.out())
  // A letter that is no option is asked for again.
  for (const answer of ['7', 'z', 'a', '?']) {
    await until('it asks', () => prompt.test(out()))
    const before = out().length
    left.child.stdin?.write(`${answer}\n`)
    await until('it goes on', () => out().length > before + 3 && (prompt.test(out()) || out().includes('[Enter]')))
  }
  await says(left, /\[Enter\]/)
  assert.equal(existsSync(join(folder, 'lessons.json')), true, left.out())
  left.child.stdin?.write('\u0003')
  assert.equal(await left.ended, 130, left.out())
  assert.deepEqual(progressIn(folder)['03-outage'].guesses, ['7', 'a', '?'])

  const elsewhere = experiment(t, ['experiment', 'outage-chmod', '--seconds', '8', '--folder', folder])
  await elsewhere.ended
  const run = start(t, folder, ['lesson', '3', '--seconds', '8'])
  await answerAll(run)
  assert.equal(run.out().split('make experiment NAME=').length, 2, 'only the second run is offered')
  isMeasured(t, run.out())
  assert.match(run.out(), /sqlite\.ts:\d+/)
  assert.ok(progressIn(folder)['03-outage'].done)
  const list = experiment(t, ['lesson', '--folder', folder])
  assert.equal(await list.ended, 0)
  assert.match(list.out(), /\[ \] 02-knee[\s\S]+\[x\] 03-outage/)
})
