// Lessons as a person plays them, in a terminal, at short length.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { lessonNames, loadLesson } from '../src/course/lesson.ts'
import { findRun } from '../src/runs/find-run.ts'
import { says, scratchFolder, until } from './helpers.ts'
import { answerAll, noPty, prompt, start } from './in-terminal.ts'
import { conclusive } from './play-on.ts'
import { experiment } from './run-experiment.ts'

/** Every number is there; on a machine that is too busy for a fault to land the test is skipped. */
function isMeasured(t: TestContext, out: string): void {
  const missing = /not measured|nothing to measure/
  if (out.includes('INVALID') && missing.test(out)) t.skip('this machine is too busy for a run that proves something')
  else assert.doesNotMatch(out, missing)
}

const progressIn = (folder: string) => JSON.parse(readFileSync(join(folder, 'lessons.json'), 'utf8'))

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

/** Plays a lesson to its end. Returns what it wrote, and how the run of its experiment was judged. */
async function played(t: TestContext, name: string, seconds: number) {
  const folder = join(scratchFolder(t), 'runs')
  const { run } = await loadLesson(name)
  const lesson = start(t, folder, ['lesson', name, '--seconds', String(seconds)])
  await answerAll(lesson)
  assert.ok(progressIn(folder)[name].done)
  const { verdict, reasons } = findRun(folder, run.experiment).journal
  return { out: lesson.out(), verdict, reasons }
}

// It has one run only. An API takes a second or two to start again.
test('lesson 08-crash is played to its end, and its run passes', { skip: noPty }, async (t) => {
  const lesson = await conclusive(t, () => played(t, '08-crash', 15))
  if (!lesson) return
  assert.equal(lesson.verdict, 'PASS', lesson.reasons.join())
  isMeasured(t, lesson.out)
})

// All of them take minutes: each day another one. A token lives for seconds, whatever the length of the run.
const names = lessonNames().filter((name) => !['03-outage', '08-crash'].includes(name))
const name = process.env.LESSON ?? names[Math.floor(Date.now() / 86_400_000) % names.length] ?? ''
test(`lesson ${name} is played to its end, and no number is missing in its texts`, { skip: noPty }, async (t) => {
  const { run } = await loadLesson(name)
  const { out } = await played(t, name, name === '09-who' ? run.seconds : 8)
  isMeasured(t, out)
})
