import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import type { Browser, ElementHandle, HTTPRequest, Page } from 'puppeteer-core'
import { mystery } from '../src/course/mystery.ts'
import { faultsOf } from '../src/runner/experiment.ts'
import { controlsOf } from '../src/server/controls.ts'
import { lab, says, scratchFolder, until } from './helpers.ts'
import { browser, noBrowser } from './report-browser.ts'
import { wideGoals } from './run-experiment.ts'

const scratch = scratchFolder({ after })
const slo = wideGoals()
writeFileSync(join(scratch, 'slo.json'), JSON.stringify(slo))
const files = ['--slo', join(scratch, 'slo.json'), '--record', join(scratch, 'session.db')]
const run = lab({ after }, ['lab', '--port', '0', '--no-open', ...files, '--folder', join(scratch, 'runs')])
await says(run, /http:\S+#\S+/)
const link = new URL(/http:\S+/.exec(run.out())?.[0] ?? '')
const token = link.hash.slice(1)
const usual = { arrivals: 'even', writes: 0.15, clients: 'patient' }

let chromium: Browser
const started = noBrowser ? undefined : browser({ after }).then((one) => (chromium = one))

type Options = { hash?: string; width?: number; scheme?: 'light' | 'dark'; still?: boolean }

/** Opens the page as a visitor does and waits until it is connected; notes what the browser complains about. */
async function visit(
  t: TestContext,
  { hash = link.hash, width = 1280, scheme = 'light', still = false }: Options = {},
) {
  await started
  // A session storage of its own, as in another window.
  const context = await chromium.createBrowserContext()
  t.after(() => context.close())
  const page = await context.newPage()
  const wrong: string[] = []
  page.on('console', (message) => wrong.push(message.text()))
  page.on('pageerror', (error) => wrong.push(String(error)))
  await page.setViewport({ width, height: 800 })
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    { name: 'prefers-reduced-motion', value: still ? 'reduce' : 'no-preference' },
  ])
  await page.goto(link.origin + link.pathname + hash)
  await page.waitForSelector('.tiles')
  return { page, wrong }
}

const text = (page: Page, selector: string) => page.$eval(selector, (one) => one.textContent ?? '')
const tile = (page: Page, name: string) =>
  page.evaluate(
    `Number([...document.querySelectorAll('.tiles li')].find((one) => one.textContent.includes('${name}')).querySelector('.value').firstChild.nextSibling.data.replace(/\\D/g, '') )`,
  ) as Promise<number>
async function told(page: Page, words: RegExp): Promise<boolean> {
  assert.equal(await text(page, '.error'), '')
  return words.test(await text(page, '#story'))
}

/** Walks with the Tab key until this has the focus. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`Tab never comes to ${selector}`)
}

/** Moves the slider by keyboard, some steps to the right. */
async function turnUp(page: Page): Promise<void> {
  await tabTo(page, '#rate')
  for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowRight')
}

function post(body: object, headers: Record<string, string> = {}) {
  const usual = { origin: link.origin, 'content-type': 'application/json', 'x-lab-token': token }
  return fetch(`${link.origin}/act`, { method: 'POST', headers: { ...usual, ...headers }, body: JSON.stringify(body) })
}

/** Reads the events of a page that has no browser; `number` is that of the page. */
async function reader(t: TestContext) {
  const stop = new AbortController()
  t.after(() => stop.abort())
  const { body } = await fetch(`${link.origin}/events`, { signal: stop.signal })
  const first = await body?.pipeThrough(new TextDecoderStream()).getReader().read()
  const welcome = JSON.parse(/data: (.+)/.exec(first?.value ?? '')?.[1] ?? '{}')
  return {
    number: welcome.page as number,
    story: welcome.story as { text: string; tone: string }[],
    close: () => stop.abort(),
  }
}

test('acting needs the token, the own origin and JSON; looking needs nothing', async (t) => {
  const { number } = await reader(t)
  const order = { page: number, do: 'load', load: { rate: 0, ...usual } }
  assert.equal((await post(order)).status, 200)
  assert.equal((await post(order, { 'x-lab-token': '' })).status, 403)
  assert.equal((await post(order, { 'x-lab-token': `${token}x` })).status, 403)
  assert.equal((await post(order, { origin: 'http://evil.example' })).status, 403)
  assert.equal((await post(order, { origin: '' })).status, 403)
  assert.equal((await post(order, { 'content-type': 'text/plain' })).status, 415)
  assert.equal((await post({ ...order, more: 'x'.repeat(1_000) })).status, 413)
  assert.equal((await post({ ...order, load: { ...usual, rate: 1e9 } })).status, 409)
  assert.equal((await post({ ...order, page: 999 })).status, 409)
  for (const path of ['/', '/page/live.js', '/page/lit-html.js', '/metrics', '/status'])
    assert.equal((await fetch(link.origin + path)).status, 200, path)
  assert.equal((await fetch(`${link.origin}/page/..%2f..%2fmain.ts`)).status, 404)
  const policy = (await fetch(link.origin)).headers.get('content-security-policy') ?? ''
  assert.ok(policy.includes("script-src 'self'") && !policy.includes('unsafe'), policy)
})

test('the page offers the faults of its database that can be made where it runs', () => {
  const offered = (mode: 'embedded' | 'stack', server?: string) =>
    controlsOf({ mode, server }).flatMap(({ kind, instead }) => (instead ? [] : [kind]))
  assert.deepEqual(offered('stack', 'postgres://lab'), ['lock', 'revoke'])
  const elsewhere = controlsOf({ mode: 'stack', server: 'postgres://lab' }).filter(({ instead }) => instead)
  assert.deepEqual(
    elsewhere.map(({ kind }) => kind),
    ['crash', 'server-crash', 'shed'],
  )
  const [here, inStack] = [offered('embedded'), offered('stack')]
  assert.deepEqual(
    here.filter((kind) => !inStack.includes(kind)),
    ['crash', 'shed'],
  )
  assert.ok(['chmod', 'lock', 'readonly'].every((kind) => inStack.includes(kind as 'chmod')))
})

test('one page acts at a time, and its turn ends when it is closed', async (t) => {
  const [first, second] = [await reader(t), await reader(t)]
  const order = { do: 'load', load: { rate: 0, ...usual } }
  assert.equal((await post({ page: first.number, ...order })).status, 200)
  assert.equal((await post({ page: second.number, ...order })).status, 409)
  first.close()
  await until('the other may act', async () => (await post({ page: second.number, ...order })).status === 200)
})

const rateNow = async () => ((await (await fetch(`${link.origin}/status`)).json()) as { rate: number }).rate

test('an older answer of the lab does not take the slider back', { skip: noBrowser }, async (t) => {
  const { page } = await visit(t)
  const held: HTTPRequest[] = []
  await page.setRequestInterception(true)
  page.on('request', (one) => void (one.url().endsWith('/act') ? held.push(one) : one.continue()))
  const turn = async (steps: number) => {
    const before = held.length
    for (let i = 0; i < steps; i++) await page.keyboard.press('ArrowRight')
    await until('it is sent', () => held.length > before)
  }
  const letGo = () => held.at(-1)?.continue()
  await page.focus('#rate')
  await turn(1)
  const [first] = held
  await turn(2)
  await first?.continue()
  await page.waitForFunction("document.querySelector('#scene .number')?.textContent === '1'")
  await turn(1)
  await letGo()
  await until('all four steps are the load', async () => (await rateNow()) > 5)
  assert.equal(await rateNow(), 20)
})

test('the link of a lab that was started anew is taken in the same tab', { skip: noBrowser }, async (t) => {
  const { page } = await visit(t, { hash: '#old' })
  await turnUp(page)
  await until('it may not act', async () => (await text(page, '#controls .error')) !== '')
  await page.evaluate(`location.hash = '${token}'`)
  await page.waitForFunction(`sessionStorage.getItem('token') === '${token}' && document.querySelector('.tiles')`)
  const before = await rateNow()
  await turnUp(page)
  await until('it acts', async () => (await rateNow()) > before)
})

test('the picture moves, and a click on a dot shows the life of that request and its own log line', {
  skip: noBrowser,
}, async (t) => {
  const { page, wrong } = await visit(t)
  await turnUp(page)
  await until('requests are served', async () => (await tile(page, 'Goodput')) > 50)
  const drawn = () => page.evaluate("document.querySelector('#dots').toDataURL()")
  const before = await drawn()
  await until('it moves', async () => (await drawn()) !== before)

  const dots = await page.$('#dots')
  const box = await dots?.boundingBox()
  assert.ok(box)
  // A request that was lost on a busy machine has no line; the page looks for one for 15 s.
  const hasLine = "document.querySelector('.life pre')?.textContent.includes('duration_ms')"
  const looked = async () => {
    if (await page.$('.life'))
      return page.waitForFunction(hasLine, { timeout: 16_000 }).catch(() => page.keyboard.press('Escape'))
    await page.mouse.click(box.x + box.width * 0.35, box.y + box.height * 0.5)
    return false
  }
  await until('a dot was under the mouse, and its line is there', looked, 180)
  const id = /request id\s*(\S{36})/.exec(await text(page, '.life'))?.[1]
  assert.ok(id && (await text(page, '.life pre')).includes(id))
  await page.keyboard.press('Escape')
  await page.waitForFunction("!document.querySelector('.life')")
  assert.deepEqual(wrong, [])
})

test('outage and recovery by mouse and by keyboard; another page looks on', { skip: noBrowser }, async (t) => {
  const { page, wrong } = await visit(t)
  const { page: other } = await visit(t, { hash: '' })
  const box = await (await page.$('#rate'))?.boundingBox()
  assert.ok(box)
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + 8, y)
  await page.mouse.down()
  await page.mouse.move(box.x + 0.25 * box.width, y, { steps: 5 })
  await page.mouse.up()
  await until('requests are served', async () => (await tile(page, 'Goodput')) > 10)
  /** Waits until a button may be pressed: while the lab does one thing, no other one can be asked for. */
  async function button(name: string) {
    const find = `[...document.querySelectorAll('button')].find((one) => one.textContent === '${name}' && one.ariaDisabled === 'false')`
    return (await page.waitForFunction(find)).asElement() as ElementHandle<never> | null
  }

  await (await button('Lock the database'))?.click()
  await until('it is told', () => told(page, /First 503 after [\d.,]+ ms/))
  await until('all fail', async () => (await tile(page, 'Goodput')) === 0 && (await tile(page, 'Failed')) > 10)
  await until('the other page sees it', () => told(other, /First 503 after/))
  assert.equal(await other.$eval('#controls fieldset', (one) => one.matches(':disabled')), true)
  await (await button('Undo'))?.click()
  await until('goodput is back', () => told(page, /Goodput is back/))

  async function reach(name: string) {
    await (await button(name))?.evaluate((one) => ((one as { id: string }).id = 'wanted'))
    await tabTo(page, '#wanted')
    return () => page.evaluate("document.activeElement.id === 'wanted'")
  }
  const isFocused = await reach('Kill the API')
  await page.keyboard.press('Enter')
  await until('silence', () => told(page, /First request without an answer after/))
  assert.ok(await isFocused())
  await page.$eval('#wanted', (one) => one.removeAttribute('id'))
  await reach('Undo')
  await page.keyboard.press('Space')
  await until('the API is back', () => told(page, /The API is started again/))
  assert.deepEqual(wrong, [])
})

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

for (const width of [360, 1280]) {
  for (const scheme of ['light', 'dark'] as const) {
    test(`${width} px, ${scheme}: no violation that axe knows, nothing wider than the screen`, {
      skip: noBrowser,
    }, async (t) => {
      const { page, wrong } = await visit(t, { width, scheme, still: width === 360 })
      await turnUp(page)
      // Not by the mouse: on a busy machine the page can move between its aim and its click.
      const look = await page.waitForSelector('.look button:enabled')
      await look?.evaluate((one) => (one as unknown as { click(): void }).click())
      await page.waitForSelector('.life')
      assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0)
      // Through the debugger: the policy of the page lets no script in.
      await page.evaluate(axe)
      const violations = await page.evaluate(
        "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((one) => one.html.slice(0, 120)).join(' ')))",
      )
      assert.deepEqual(violations, [])
      assert.deepEqual(wrong, [])
    })
  }
}

test('a mystery: numbers and nothing else, then three answers and the truth', { skip: noBrowser }, async (t) => {
  const made = (seed: number) => mystery(seed, 1, slo.goals.baseline.rate)
  const seed = Array.from({ length: 50 }, (_, i) => i).find((i) => made(i).trouble === 'outage') ?? 0
  const { page, wrong } = await visit(t, { width: 360 })
  const press = async (name: string) => (await page.waitForSelector(`#lessons ::-p-text(${name})`))?.click()
  const fault = async () => ((await (await fetch(`${link.origin}/status`)).json()) as { fault: object | null }).fault
  const shown = (id: string) =>
    page.$eval(id, (one) => (one as unknown as { checkVisibility(): boolean }).checkVisibility())
  await page.click('#lessons [name=q0][value=a]')
  await page.type('#lessons [name=q1]', String(seed))
  await press('Play a mystery')
  await page.waitForSelector('#lessons progress')
  await until('it shows in the numbers', async () => (await tile(page, 'Failed')) > 50)
  assert.deepEqual([await shown('#picture'), await shown('#story'), await fault()], [false, false, null])
  assert.equal(await page.$eval('#controls fieldset', (one) => one.matches(':disabled')), true)

  await page.waitForSelector('#lessons form', { timeout: 60_000 })
  await page.click('#lessons [name=q0][value=a]')
  await page.type('#lessons [name=q1]', String((faultsOf(made(seed).experiment)[0]?.at ?? 0) + 1))
  await page.click('#lessons [name=q2][value=b]')
  await press('Compare')
  await page.waitForSelector('#lessons dl')
  const truths = await page.$$eval('#lessons dd:nth-of-type(even) b', (all) => all.map((one) => one.textContent ?? ''))
  assert.match(truths.join('; '), /^right; \d+: (exactly|1 s \w+); right$/)
  assert.deepEqual([await shown('#picture'), await shown('#story')], [true, true])
  await page.evaluate(axe)
  const violations = await page.evaluate('axe.run().then(({ violations }) => violations.map(({ id }) => id))')
  assert.deepEqual(violations, [])
  assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0)
  await press('All lessons')
  await page.waitForSelector('#lessons ol')
  assert.deepEqual(wrong, [])
})

test('an act that failed stays in the story, also after the next one', async (t) => {
  const { number, close } = await reader(t)
  // The page of the test before may still be closing.
  await until('it may act', async () => (await post({ page: number, do: 'mend' })).status === 200, 10)
  assert.equal((await post({ page: number, do: 'break', kind: 'readonly' })).status, 200)
  const refused = await post({ page: number, do: 'break', kind: 'lock' })
  assert.equal(refused.status, 409)
  const { error } = (await refused.json()) as { error: string }
  assert.equal((await post({ page: number, do: 'shed', on: true })).status, 409, 'it would restart the API')
  assert.equal((await post({ page: number, do: 'mend' })).status, 200)
  assert.equal((await post({ page: number, do: 'load', load: { rate: 20, ...usual } })).status, 200)
  assert.equal((await post({ page: number, do: 'play', lesson: 'none', knob: false })).status, 409)
  assert.equal(await rateNow(), 20, 'it changes nothing')
  close()
  const { story } = await reader(t)
  assert.ok(story.some(({ text, tone }) => text === error && tone === 'bad'))
})

test('the lab ends on SIGTERM although its load goes on', async (t) => {
  const own = lab(t, ['lab', '--port', '0', '--no-open'])
  await says(own, /http:\S+#\S+/)
  const url = new URL(/http:\S+/.exec(own.out())?.[0] ?? '')
  const events = new AbortController()
  t.after(() => events.abort())
  const opened = await fetch(`${url.origin}/events`, { signal: events.signal })
  const headers = { origin: url.origin, 'content-type': 'application/json', 'x-lab-token': url.hash.slice(1) }
  const body = JSON.stringify({ page: 1, do: 'load', load: { rate: 50, ...usual } })
  assert.equal((await fetch(`${url.origin}/act`, { method: 'POST', headers, body })).status, 200)
  own.child.kill('SIGTERM')
  await own.ended
  await opened.body?.cancel().catch(() => {})
})
