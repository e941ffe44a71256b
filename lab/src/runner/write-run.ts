import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf, systemReasonOf, UserError } from '../errors.ts'
import { reportHtml } from '../report/report.ts'
import type { Journal } from '../runs/journal.ts'
import { updateLabDb } from '../runs/lab-db.ts'

const neededBytes = 8 * 1024 * 1024

/** Throws a UserError before anything is measured when the result could not be kept. */
export function checkRunsFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK | constants.X_OK)
    const { bavail, bsize } = statfsSync(folder)
    if (bavail * bsize < neededBytes) throw Object.assign(new Error(), { code: 'ENOSPC' })
  } catch (error) {
    throw new UserError(
      `Runs are kept in ${folder}, which cannot be written (${reasonOf(error)}). Make room there (8 MB), or make it writable.`,
    )
  }
}

/** Keeps a run in a folder of its own, then adds it to lab.db. `remark`: why it is not in there, which is only an index. */
export function writeRun(runsFolder: string, journal: Journal, log?: string[]): { folder: string; remark?: string } {
  const { started, experiment, run, seconds } = journal
  const name = run.of > 1 ? `${experiment}-${run.number}` : experiment
  const folder = writeFolder(runsFolder, started, name, { journal, seconds, report: reportHtml(journal), log })
  return { folder, remark: updateLabDb(runsFolder) }
}

type Content = { journal: object; seconds: object[]; report: string; log?: string[] }

/**
 * Makes the folder `<time>-<name>` of a run or a comparison and returns it: journal.json, metrics_events.jsonl, report.html and,
 * where there are lines of the API's log, api.log. Throws a UserError when it cannot be written; then nothing of it stays.
 */
export function writeFolder(runsFolder: string, started: string, name: string, content: Content): string {
  const { journal, seconds, report, log = [] } = content
  const free = freeName(runsFolder, `${new Date(started).toISOString().replaceAll(':', '-')}-${name}`)
  const folder = join(runsFolder, free)
  // The folder gets its name when it is complete: a run that is half written is no run.
  const draft = join(runsFolder, `.draft-${process.pid}-${free}`)
  try {
    mkdirSync(draft, { recursive: true })
    writeFileSync(join(draft, 'journal.json'), `${JSON.stringify(journal, null, 1)}\n`)
    writeFileSync(join(draft, 'metrics_events.jsonl'), lines(seconds.map((one) => JSON.stringify(one))))
    writeFileSync(join(draft, 'report.html'), report)
    if (log.length > 0) writeFileSync(join(draft, 'api.log'), lines(log))
    renameSync(draft, folder)
    return folder
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    throw new UserError(
      `The run could not be kept in ${runsFolder} (${systemReasonOf(error)}). Make room there, or make it writable.`,
    )
  }
}

function freeName(runsFolder: string, base: string): string {
  for (let i = 2, name = base; ; name = `${base}-${i++}`) if (!existsSync(join(runsFolder, name))) return name
}

function lines(texts: string[]): string {
  return texts.map((one) => `${one}\n`).join('')
}
