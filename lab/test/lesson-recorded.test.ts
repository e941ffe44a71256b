// A lesson on the live page after its run. The run is a recorded one: nothing is played.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { lessonNames, loadLesson, type Play } from '../src/course/lesson.ts'
import { optionsOf } from '../src/course/numbers.ts'
import { type Experiment, lengthOf, loadExperiment, scale } from '../src/runner/experiment.ts'
import { journalOf } from '../src/runner/journal-of.ts'
import type { Run } from '../src/runner/run.ts'
import { writeRun } from '../src/runner/write-run.ts'
import { loadSlo } from '../src/slo.ts'
import { lab, root, says, scratchFolder } from './helpers.ts'
import { idealQueue, onBusyMachine, recorded, withResults } from './recorded.ts'
import { browser, noBrowser, shoot } from './report-browser.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const slo = loadSlo(join(root, 'slo.json'))
const target = { mode: 'embedded', journalMode: 'delete' } as const
const chromium = noBrowser ? undefined : browser({ after })

async function openedLab(t: TestContext, folder: string) {
  const started = lab(t, ['lab', '--port', '0', '--no-open', '--folder', folder])
  await says(started, /http:\S+#\S+/)
  const context = (await (await chromium)?.createBrowserContext()) ?? assert.fail()
  t.after(() => context.close())
  const page = await context.newPage()
  await page.setViewport({ width: 1280, height: 800 })
  await page.goto(/http:\S+/.exec(started.out())?.[0] ?? '')
  return page
}

/** Opens a lesson on the page, after a run of this experiment and with these guesses. */
async function opened(t: TestContext, lesson: string, experiment: Experiment, run: Run, guesses: string[]) {
  const [
    folder,
    {
      run: { experiment: name },
      title,
    },
  ] = [join(scratchFolder(t), 'runs'), await loadLesson(lesson)]
  const about = { name, experiment, slo, target, again: '' }
  mkdirSync(folder)
  writeRun(folder, journalOf(run, about))
  const made = { [lesson]: { guesses, guessed: '1960-01-01T00:00:00.000Z' } }
  writeFileSync(join(folder, 'lessons.json'), JSON.stringify(made))

  const page = await openedLab(t, folder)
  await (await page.waitForSelector(`#lessons ::-p-text(${title})`))?.click()
  await page.waitForSelector('#lessons .compared')
  await shoot(page, lesson)
  await page.setViewport({ width: 360, height: 800 })
  assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0)
  await page.evaluate(axe)
  const violations = "axe.run('#lessons').then(({ violations }) => violations.map(({ id }) => id))"
  assert.deepEqual(await page.evaluate(violations), [])
  return page
}

test('the line of the model under what was measured, and how far off that is', { skip: noBrowser }, async (t) => {
  const experiment = await loadExperiment('queue', slo, 45)
  const run = idealQueue(experiment, { of: 'login', perSecond: 45, after: 45 })
  const page = await opened(t, '02-knee', experiment, run, ['5', 'c'])
  assert.equal((await page.$$('.theory svg circle')).length, 10)
  assert.ok(await page.$('.theory svg polyline'))
  // Logins of an ideal queue: its own wait is what was measured.
  const heads = await page.$$eval('.theory th[scope=col]', (all) => all.map((one) => one.textContent))
  const column = `.theory td:nth-child(${heads.indexOf('off by %') + 1})`
  const off = await page.$$eval(column, (all) => all.map((one) => Number(one.textContent)))
  assert.ok(off.length === 10 && off.every((one) => Math.abs(one) < 1e-6), String(off))
})

test('an INVALID run is offered anew on the page, above what it measured', {
  skip: noBrowser,
}, async (t) => {
  const experiment = await loadExperiment('outage-chmod', slo)
  const run = onBusyMachine(withResults(recorded(experiment), ({ done }) => ({ done: done + 2000 })))
  const page = await opened(t, '03-outage', experiment, run, ['500', 'a', '?'])
  assert.ok(await page.$('#lessons .invalid:has(+ .compared) button'))
  const text = await page.$eval('#lessons', (one) => one.textContent ?? '')
  assert.doesNotMatch(text, /not measured|[[\]{}]/)
  assert.ok(text.includes('you: 500 ms'))
  const verdicts = await page.$$eval('#lessons .compared .quiet', (all) => all.map((one) => one.textContent))
  assert.deepEqual(
    [verdicts.length, new Set(verdicts).size],
    [2, 1],
    'no guess is judged, and of the third none was made',
  )
})

/** Keeps a short run that begins now, as one that is made elsewhere. */
async function keepRun(folder: string, { experiment: name }: Play): Promise<void> {
  const full = await loadExperiment(name, slo, 45)
  const experiment = scale(full, 8 / lengthOf(full))
  const run = recorded(experiment)
  const wallOffset = Date.now() - run.startedAt
  const about = { name, experiment, slo, target, again: '' }
  writeRun(folder, journalOf({ ...run, wallOffset, wallOffsetAtEnd: wallOffset }, about))
}

test('every lesson is followed from its guess to its answer; runs that are made elsewhere are found', {
  skip: noBrowser,
}, async (t) => {
  const folder = join(scratchFolder(t), 'runs')
  const page = await openedLab(t, folder)
  const press = async (name: string) => (await page.waitForSelector(`#lessons button ::-p-text(${name})`))?.click()
  const give = async (i: number, isText: boolean, answer: string) =>
    isText ? page.type(`#lessons [name=q${i}]`, answer) : page.click(`#lessons [name=q${i}][value=${answer}]`)
  const squeezed = (text: string) => text.replace(/\s+/g, ' ')
  const shows = (text: string) =>
    page.waitForFunction(
      `document.querySelector('#lessons').textContent.replace(/\\s+/g, ' ').includes(${JSON.stringify(text)})`,
    )
  const names = lessonNames()
  for (const name of names) {
    const { title, guesses, run, knob, question } = await loadLesson(name)
    // In the list, then on the button of the next lesson.
    await press(title)
    await page.waitForSelector('#lessons ::-p-text(That is my guess)')
    for (const [i, guess] of guesses.entries())
      await give(i, !('choice' in guess), 'number' in guess ? '7' : 'choice' in guess ? 'a' : 'abc')
    await press('That is my guess')
    await page.waitForSelector('#lessons ::-p-text(Play it)')
    assert.equal(await page.$('#lessons .compared'), null)
    await keepRun(folder, run)
    if ('experiment' in knob) await keepRun(folder, knob)
    await page.waitForSelector('#lessons .compared')
    const [fixed = ''] = squeezed(knob.after)
      .split(/\{.+?\}/)
      .sort((a, b) => b.length - a.length)
    await shows(fixed.trim())
    const right =
      'number' in question ? `${question.number}` : ('abc'[optionsOf(question).indexOf(question.right)] ?? '')
    await give(0, 'number' in question, right)
    await press('Answer')
    await shows(`Right. ${squeezed(question.because).split('{')[0]}`.trim())
  }
  await press('All lessons')
  await shows(`Done: ${names.length} of ${names.length}`)
})
