import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { reasonOf, UserError } from '../errors.ts'
import { reportHtml } from '../report/report.ts'
import { findRun } from '../runs/find-run.ts'

/** Names the report of a run, the newest without a name, and opens it where there is a screen. */
export function report(runsFolder: string, name?: string): string {
  const { folder, journal } = findRun(runsFolder, name)
  const file = join(folder, 'report.html')
  try {
    if (!existsSync(file)) writeFileSync(file, reportHtml(journal))
  } catch (error) {
    throw new UserError(`${file} cannot be written (${reasonOf(error)}).`)
  }
  open(file)
  const link = process.stdout.isTTY ? `\n      ${pathToFileURL(file)}` : ''
  return `${journal.verdict}  ${relative('', file)}${link}`
}

function open(file: string): void {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env
  if (!process.stdout.isTTY) return
  const opener = process.platform === 'darwin' ? 'open' : DISPLAY || WAYLAND_DISPLAY ? 'xdg-open' : undefined
  if (opener === undefined) return
  // The name stands in the terminal in any case: an opener that is missing is no error.
  spawn(opener, [file], { detached: true, stdio: 'ignore' })
    .on('error', () => {})
    .unref()
}
