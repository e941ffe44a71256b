// Commands about runs that are kept, and the lists of what can be played.
import { basename, join, relative } from 'node:path'
import { z } from 'zod'
import { detect, type Tuning } from '../anomalies/detect.ts'
import { troublesIn } from '../anomalies/grade.ts'
import { duration, readJson } from '../config.ts'
import { UserError } from '../errors.ts'
import { openOnDesktop } from '../processes.ts'
import { clock } from '../report/html.ts'
import { gradeTable, gradeWords } from '../report/tables.ts'
import { allExperiments, lengthOf } from '../runner/experiment.ts'
import { addK6Seconds } from '../runner/k6-summary.ts'
import { textTable, wrap } from '../runner/screen.ts'
import { sessionJournal } from '../runner/session.ts'
import { allTradeoffs, rounds } from '../runner/tradeoff.ts'
import { checkRunsFolder, writeRun } from '../runner/write-run.ts'
import { findFolder, findRun } from '../runs/find-run.ts'
import type { SecondRow } from '../runs/journal.ts'
import { readSessionDb } from '../runs/session-db.ts'
import { loadSlo, type Slo } from '../slo.ts'

/** Names the report of a run, a comparison or a load, the newest without a name, and opens it where there is a screen. */
export function report(runsFolder: string, name?: string): string {
  const folder = findFolder(runsFolder, name)
  const judged = join(folder, /Z-k6-/.test(basename(folder)) ? 'summary.json' : 'journal.json')
  const { verdict = 'Session' } = readJson(judged, z.object({ verdict: z.string().optional() }))
  const file = join(folder, 'report.html')
  openOnDesktop(file)
  return `${verdict}  ${relative('', file)}`
}

/** Every experiment in the order in which to meet them: its name, its level, its length, its question. */
export async function experimentLines(slo: Slo): Promise<string> {
  const all = await allExperiments(slo)
  const lines = all.map(({ name, level, question, ...experiment }) => {
    const length = Math.round(lengthOf(experiment))
    return `${name} (level ${level}, ${length} s)\n${wrap(question, '  ')}`
  })
  return lines.join('\n')
}

/** Every comparison in order: its name, its length, its question. */
export async function tradeoffLines(slo: Slo): Promise<string> {
  const lines = (await allTradeoffs(slo)).map((one) => {
    const length = Math.round(one.variants.length * rounds * lengthOf(one))
    return `${one.name} (${length} s)\n${wrap(one.question, '  ')}`
  })
  return lines.join('\n')
}

/** The graded tables of a run, the newest without a name, and when the combination raised an alarm. */
export function anomalies(runsFolder: string, name?: string): string {
  const { name: run, journal } = findRun(runsFolder, name)
  const { seconds } = journal
  const troubles = troublesIn(seconds).map(({ kind, from, to }) => `${kind} at ${from} s for ${to - from} s`)
  return [
    wrap(`${run}: ${seconds.length} s, ${troubles.join(', ') || 'no trouble on purpose'}`),
    grades([seconds], 'mean'),
    grades([seconds], 'median'),
    gradeWords.join('\n'),
    alarms(seconds),
  ].join('\n\n')
}

export function grades(runs: SecondRow[][], method: Tuning['method']): string {
  const { heads, rows } = gradeTable(runs, method)
  return textTable(heads, rows)
}

/** When the combination raised an alarm, and which series did with it. */
function alarms(seconds: SecondRow[]): string {
  const { series, combined } = detect(seconds)
  const lines = seconds.flatMap(({ second }, i) => {
    if (!combined[i] || combined[i - 1]) return []
    const alarmed = series.filter((one) => one.alarms[i]).map((one) => one.name)
    return wrap(`second ${second}: ${alarmed.join(', ')}`, '  ')
  })
  if (lines.length === 0) return 'The combination raised no alarm.'
  return ['Alarms of the combination:', ...lines].join('\n')
}

/** `record`: the file of the lab's notes. `prometheus`: in the stack, where k6 writes what it sees. */
type Options = { span: string; record: string; folder: string; slo: string; prometheus?: string }

/** Keeps a span of what the lab has noted as a run, so that everything made for runs works with it. Returns its name. */
export async function keepSession({ span, record, folder, slo, prometheus }: Options): Promise<string> {
  const { from, to } = spanOf(span, Date.now())
  const notes = readSessionDb(record, from, to)
  if (!notes.some(({ kind }) => kind === 'second'))
    throw new UserError(`Nothing was recorded from ${clock(from)} to ${clock(to)}: the lab did not run then.`)
  if (prometheus) await addK6Seconds(notes, prometheus)
  checkRunsFolder(folder)
  const journal = sessionJournal(notes, { mode: prometheus ? 'stack' : 'embedded', slo: loadSlo(slo) })
  const { folder: kept, remark } = writeRun(folder, journal)
  if (remark) console.error(remark)
  return basename(kept)
}

// A report draws every second, and Prometheus answers 11,000 values at most.
const longestMs = 3 * 3_600_000

/** `15m`: the last fifteen minutes; `15m-10m`: from fifteen to ten minutes ago. In whole seconds. */
export function spanOf(text: string, now: number): { from: number; to: number } {
  const [begin = '', end] = text.split('-', 2)
  const ago = (words?: string) => 1000 * Math.floor((now - (words === undefined ? 0 : duration('SINCE', words))) / 1000)
  const [from, to] = [ago(begin), ago(end)]
  if (from < to && to - from <= longestMs) return { from, to }
  throw new UserError(
    `${text}: give the last minutes, such as 15m, or a span that is past, 15m-10m; three hours at most.`,
  )
}
