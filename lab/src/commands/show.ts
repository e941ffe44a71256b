import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { detect, type Tuning } from '../anomalies/detect.ts'
import { isLabelled, troublesIn } from '../anomalies/grade.ts'
import { readJson } from '../config.ts'
import { reasonOf, UserError } from '../errors.ts'
import { reportHtml } from '../report/report.ts'
import { gradeTable, gradeWords } from '../report/tables.ts'
import { tradeoffHtml } from '../report/tradeoff.ts'
import { allExperiments, lengthOf } from '../runner/experiment.ts'
import { textTable, wrap } from '../runner/screen.ts'
import { experimentOf, loadTradeoff, rounds, tradeoffNames } from '../runner/tradeoff.ts'
import { findFolder, findRun, isTradeoff, type Recorded, readEvents } from '../runs/find-run.ts'
import { tradeoffJournal } from '../runs/tradeoff-journal.ts'
import type { Slo } from '../slo.ts'

/** Names the report of a run, the newest without a name, and opens it where there is a screen. */
export function report(runsFolder: string, name?: string): string {
  const folder = findFolder(runsFolder, name)
  const file = join(folder, 'report.html')
  const { verdict, page } = isTradeoff(basename(folder)) ? tradeoffIn(folder) : runIn(runsFolder, folder)
  try {
    if (!existsSync(file)) writeFileSync(file, page())
  } catch (error) {
    throw new UserError(`${file} cannot be written (${reasonOf(error)}).`)
  }
  open(file)
  return `${verdict}  ${relative('', file)}`
}

function tradeoffIn(folder: string) {
  const journal = readJson(join(folder, 'journal.json'), tradeoffJournal)
  return { verdict: journal.verdict, page: () => tradeoffHtml(journal) }
}

function runIn(runsFolder: string, folder: string) {
  const { journal } = findRun(runsFolder, folder)
  return { verdict: journal.verdict ?? 'Session', page: () => reportHtml(journal) }
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
  const all = await allExperiments(slo)
  const lines = all.map(({ name, experiment }) => {
    const length = Math.round(lengthOf(experiment))
    return `${name} (level ${experiment.level}, ${length} s)\n${wrap(experiment.question, '  ')}`
  })
  return lines.join('\n')
}

/** Every comparison in order: its name, its length, its question. */
export async function tradeoffLines(slo: Slo): Promise<string> {
  const all = await Promise.all(tradeoffNames().map(async (name) => ({ name, ...(await loadTradeoff(name, slo)) })))
  all.sort((a, b) => a.order - b.order)
  const lines = all.map((one) => {
    const length = Math.round(2 * rounds * lengthOf(experimentOf(one, one.variants[0])))
    return `${one.name} (${length} s)\n${wrap(one.question, '  ')}`
  })
  return lines.join('\n')
}

/** The graded tables for a run, a .jsonl file or a folder of them; without a name for the newest run. */
export function anomalies(runsFolder: string, name?: string): string {
  const recorded = readEvents(runsFolder, name)
  const runs = recorded.map(({ events }) => events)
  const graded = (method: Tuning['method']) => {
    const { heads, rows } = gradeTable(runs, method)
    return textTable(heads, rows)
  }
  const grades = runs.some((events) => events.some(isLabelled))
    ? [graded('mean'), graded('median'), gradeWords.join('\n')]
    : ['No second is labelled with a fault or its absence, so nothing can be graded.']
  return [recorded.map(headline).join('\n'), ...grades, alarms(recorded)].join('\n\n')
}

function headline({ name, events }: Recorded): string {
  const troubles = troublesIn(events).map(({ kind, from, to }) => `${kind} at ${from} s for ${to - from} s`)
  return wrap(`${name}: ${events.length} s, ${troubles.join(', ') || 'no trouble on purpose'}`)
}

/** When the combination raised an alarm, and which series did with it. */
function alarms(recorded: Recorded[]): string {
  const lines = recorded.flatMap(({ name, events }) => {
    const found = detect(events)
    return events.flatMap(({ second }, i) => {
      if (!found.combined[i] || found.combined[i - 1]) return []
      const alarmed = found.series.filter((one) => one.alarms[i]).map((one) => one.name)
      return wrap(`${name}, second ${second}: ${alarmed.join(', ')}`, '  ')
    })
  })
  if (lines.length === 0) return 'The combination raised no alarm.'
  return ['Alarms of the combination:', ...lines].join('\n')
}
