// A lesson on the live page, step by step as a person takes it, its run at short length.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { says } from './helpers.ts'
import { browser, noBrowser, shoot } from './report-browser.ts'
import { experiment } from './run-experiment.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

test('a lesson on the page: guess, run, compare, why, one knob, a question that is checked', {
  skip: noBrowser,
}, async (t) => {
  const run = experiment(t, ['lab', '--port', '0', '--no-open', '--seconds', '8'])
  await says(run, /http:\S+#\S+/)
  const link = /http:\S+/.exec(run.out())?.[0] ?? ''
  const page = await (await browser(t)).newPage()
  const wrong: string[] = []
  page.on('pageerror', (error) => wrong.push(String(error)))
  page.on('console', (message) => wrong.push(message.text()))
  const text = () => page.$eval('#lessons', (one) => one.textContent ?? '')
  const press = async (name: string) => (await page.waitForSelector(`#lessons ::-p-text(${name})`))?.click()
  const check = async (step: string) => {
    await page.setViewport({ width: 360, height: 800 })
    assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0, step)
    await page.evaluate(axe)
    const found = await page.evaluate("axe.run('#lessons').then(({ violations }) => violations.map(({ id }) => id))")
    assert.deepEqual(found, [], step)
    await shoot(page, step)
    await page.setViewport({ width: 1280, height: 800 })
  }

  assert.equal((await fetch(new URL('/lessons/nothing', link))).status, 404)
  await page.goto(link)
  await press('The database goes away')
  await page.waitForSelector('#lessons form')
  await check('guess')
  await page.type('#lessons [name=q0]', '500')
  await page.click('#lessons [name=q1][value=a]')
  await press('That is my guess')
  await press('Play it (about 8 s)')
  await page.waitForSelector('#lessons progress')
  await page.waitForSelector('#lessons .compared', { timeout: 90_000 })
  await check('compared')
  const compared = await page.$eval('#lessons .compared', (one) => one.textContent ?? '')
  assert.match(compared, /you: 500 ms/)
  // A busy machine: no guess is judged, and the run is offered anew.
  const invalid = await page.$('#lessons .invalid button')
  assert.equal(compared.includes('right'), invalid === null)
  if (!(await page.$('#lessons .invalid'))) assert.doesNotMatch(await text(), /not measured/)
  await page.click('#lessons [name=q0][value=b]')
  await press('Answer')
  await page.waitForFunction("document.querySelector('#lessons [role=status]')?.textContent.includes('Not quite')")
  await page.click('#lessons [name=q0][value=a]')
  await press('Answer')
  await page.waitForFunction("document.querySelector('#lessons [role=status]')?.textContent.includes('Right')")
  assert.ok(JSON.parse(readFileSync(join(run.kept, 'lessons.json'), 'utf8'))['03-outage'].done)
  // One knob: its run, and the text about it.
  await press('Play it (about 8 s)')
  await page.waitForSelector('#lessons progress')
  const over =
    "!document.querySelector('#lessons progress') && !document.querySelector('#lessons').textContent.includes('Play it (')"
  await page.waitForFunction(over, { timeout: 90_000 })
  if (!(await page.$('#lessons .invalid'))) assert.doesNotMatch(await text(), /not measured/)
  await press('All lessons')
  await page.waitForFunction("document.querySelector('#lessons').textContent.includes('1 of 10')")
  await check('list')
  assert.deepEqual(wrong, [])
})
