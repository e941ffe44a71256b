// Lessons and a mystery as a person plays them, in a terminal, at short length.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { lessonNames, loadLesson } from '../src/course/lesson.ts'
import { type Run, root, says, scratchFolder, until } from './helpers.ts'
import { experiment } from './run-experiment.ts'

const noPty = spawnSync('script', ['--version']).status !== 0 && 'there is no program script, which makes a terminal'
const prompt = /\[(?<kind>[^[\]\n]+)\] $/
const answers: Record<string, string> = { 'a letter': 'a', 'letters, as bac': 'cab', Enter: '' }

/** Starts a command in a terminal, its runs kept in `folder`, with the goals and rates that the texts speak of. */
const start = (t: TestContext, folder: string, args: string[]) =>
  experiment(t, [...args, '--folder', folder, '--slo', join(root, 'slo.json')], undefined, { terminal: true })

/** Answers every question until the command ends; a number where no other answer is known. */
async function answerAll(run: Run): Promise<void> {
  const out = () => stripVTControlCharacters(run.out())
  let answered = 0
  let end: unknown
  run.ended.then((code) => (end = code))
  while (end === undefined) {
    await until('it asks, or ends', () => end !== undefined || prompt.test(out().slice(answered)), 150)
    const kind = prompt.exec(out().slice(answered))?.groups?.kind
    answered = out().length
    if (kind !== undefined) run.child.stdin?.write(`${answers[kind] ?? '7'}\n`)
  }
  assert.equal(end, 0, run.out())
}

/** Every number is there; on a machine that is too busy for a fault to land the test is skipped. */
function isMeasured(t: TestContext, out: string): void {
  const missing = /not measured|nothing to measure/
  if (out.includes('(INVALID)') && missing.test(out)) t.skip('this machine is too busy for a run that proves something')
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

// All of them take minutes: three, others every day. A token lives for seconds, whatever the length of the run.
const names = lessonNames().filter((name) => name !== '03-outage')
const day = Math.floor(Date.now() / 86_400_000)
for (const i of process.env.LESSON ? [0] : [0, 1, 2]) {
  const name = process.env.LESSON ?? names[(3 * day + i) % names.length] ?? ''
  test(`lesson ${name} is played to its end, and no number is missing in its texts`, { skip: noPty }, async (t) => {
    const folder = join(scratchFolder(t), 'runs')
    const { run } = await loadLesson(name)
    const played = start(t, folder, ['lesson', name, '--seconds', String(name === '09-who' ? run.seconds : 8)])
    await answerAll(played)
    isMeasured(t, played.out())
    assert.ok(progressIn(folder)[name].done)
  })
}

test('a mystery shows numbers only, asks three questions and tells the truth', { skip: noPty }, async (t) => {
  const folder = join(scratchFolder(t), 'runs')
  const run = start(t, folder, ['mystery', '--seed', '4', '--level', '1'])
  await until('it asks', () => run.out().includes('What was it'), 150)
  assert.equal((run.out().match(/^ +\d+ s {2}/gm) ?? []).length, 45, 'a row for each second')
  assert.doesNotMatch(run.out().split('What was it')[0] ?? '', /<-|Rolled back|felt it/)
  await answerAll(run)
  assert.match(run.out(), /SEED=4/)
})
