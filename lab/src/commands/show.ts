import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { reasonOf, UserError } from '../errors.ts'
import { reportHtml } from '../report/report.ts'
import { experimentNames, lengthOf, loadExperiment } from '../runner/experiment.ts'
import { wrap } from '../runner/screen.ts'
import { findRun } from '../runs/find-run.ts'
import type { Slo } from '../slo.ts'

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

/** Every experiment in the order in which to meet them: its name, its level, its length, its question. */
export async function experimentLines(slo: Slo): Promise<string> {
  const all = await Promise.all(
    experimentNames().map(async (name) => ({ name, experiment: await loadExperiment(name, slo) })),
  )
  all.sort((a, b) => a.experiment.order - b.experiment.order)
  const lines = all.map(({ name, experiment }) => {
    const length = Math.round(lengthOf(experiment))
    return `${name} (level ${experiment.level}, ${length} s)\n${wrap(experiment.question, '  ')}`
  })
  return lines.join('\n')
}
