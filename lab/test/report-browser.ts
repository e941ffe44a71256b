import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, launch, type Page } from 'puppeteer-core'
import { type Scope, scratchFolder } from './helpers.ts'

const places = [
  process.env.CHROME_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
const executablePath = places.find((place) => place && existsSync(place))

/** Why no browser can be started here; false when one can. */
export const noBrowser = executablePath ? false : 'no chromium on this machine (CHROME_PATH names one)'

/** A headless browser, closed after the test file. */
export async function browser(t: Scope): Promise<Browser> {
  // Root may not use chromium's sandbox; the page is this project's own.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const opened = await launch({ executablePath, args })
  t.after(() => opened.close())
  return opened
}

/** With SHOTS, a folder, in the environment: what a page looks like on a phone and on a desk, light and dark. */
export async function shoot(page: Page, name: string): Promise<void> {
  for (const value of process.env.SHOTS ? ['dark', 'light'] : []) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }])
    for (const width of [1280, 360]) {
      await page.setViewport({ width, height: 800 })
      await page.screenshot({ path: `${process.env.SHOTS}/${name}-${width}-${value}.png`, fullPage: true })
    }
  }
}

export type Look = { scheme?: 'light' | 'dark'; width?: number }

/** Opens a page as a file and notes everything that a page should not do. */
export async function open(
  t: Scope,
  browser: Browser,
  html: string,
  { scheme = 'light', width = 1100 }: Look = {},
): Promise<{ page: Page; wrong: string[] }> {
  const file = join(scratchFolder(t), 'report.html')
  writeFileSync(file, html)
  const page = await browser.newPage()
  t.after(() => page.close())
  const wrong: string[] = []
  page.on('console', (message) => wrong.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => wrong.push(`error: ${error}`))
  page.on('dialog', (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`)
    dialog.dismiss()
  })
  page.on('request', (request) => {
    if (request.url() !== `file://${file}`) wrong.push(`request: ${request.url()}`)
  })
  await page.setViewport({ width, height: 900 })
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
  await page.goto(`file://${file}`)
  return { page, wrong }
}
