// A lesson on the live page whose run was INVALID. The run is a recorded one: nothing is played.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { blank } from '../src/course/numbers.ts'
import { loadExperiment } from '../src/runner/experiment.ts'
import { journalOf } from '../src/runner/journal-of.ts'
import { judge } from '../src/runner/judge.ts'
import { writeRun } from '../src/runner/write-run.ts'
import { loadSlo } from '../src/slo.ts'
import { lab, root, says, scratchFolder } from './helpers.ts'
import { onBusyMachine, recorded, withResults } from './recorded.ts'
import { browser, noBrowser } from './report-browser.ts'

test('an INVALID run is offered anew on the page, above everything that it cannot tell', {
  skip: noBrowser,
}, async (t) => {
  const folder = join(scratchFolder(t), 'runs')
  const slo = loadSlo(join(root, 'slo.json'))
  const experiment = await loadExperiment('outage-chmod', slo)
  const run = onBusyMachine(withResults(recorded(experiment), ({ done }) => ({ done: done + 2000 })))
  const target = { mode: 'embedded', journalMode: 'delete' } as const
  const about = { name: 'outage-chmod', experiment, slo, target, predictions: [], run: { number: 1, of: 1 }, again: '' }
  mkdirSync(folder)
  writeRun(folder, journalOf(run, judge(run, experiment, slo), about))
  const made = { guesses: ['500', 'a', '?'], guessed: '1960-01-01T00:00:00.000Z' }
  writeFileSync(join(folder, 'lessons.json'), JSON.stringify({ '03-outage': made }))

  const started = lab(t, ['lab', '--port', '0', '--no-open', '--folder', folder])
  await says(started, /http:\S+#\S+/)
  const page = await (await browser(t)).newPage()
  await page.setViewport({ width: 1280, height: 800 })
  await page.goto(/http:\S+/.exec(started.out())?.[0] ?? '')
  await (await page.waitForSelector('#lessons ::-p-text(The database goes away)'))?.click()
  await page.waitForSelector('#lessons .invalid + .compared')
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/invalid.png`, fullPage: true })
  assert.ok(await page.$('#lessons .invalid button'))
  const text = await page.$eval('#lessons', (one) => one.textContent ?? '')
  assert.ok(text.includes(blank) && text.includes('you: 500 ms'))
  assert.equal(await page.$('#lessons .compared .quiet'), null, 'no guess is judged')
})
