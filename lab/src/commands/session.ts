import { basename } from 'node:path'
import { duration } from '../config.ts'
import { UserError } from '../errors.ts'
import { clock } from '../report/html.ts'
import { addK6Seconds } from '../runner/k6-summary.ts'
import { sessionJournal } from '../runner/session.ts'
import { checkRunsFolder, writeRun } from '../runner/write-run.ts'
import { readSessionDb } from '../runs/session-db.ts'
import { loadSlo } from '../slo.ts'

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
