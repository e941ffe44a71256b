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

/** `remark`: why the run is not in lab.db, which is only an index. */
export type Kept = { folder: string; remark?: string }

/**
 * Keeps a run in a folder of its own: journal.json, metrics_events.jsonl, report.html and, where there are lines of the
 * API's log, api.log; then adds it to lab.db. Throws a UserError when the folder cannot be written; then nothing of it stays.
 */
export function writeRun(runsFolder: string, journal: Journal, log: string[] = []): Kept {
  const name = freeName(runsFolder, journal)
  const folder = join(runsFolder, name)
  // The folder gets its name when it is complete: a run that is half written is no run.
  const draft = join(runsFolder, `.draft-${process.pid}-${name}`)
  const seconds = journal.seconds.map((one) => JSON.stringify(one))
  try {
    mkdirSync(draft, { recursive: true })
    writeFileSync(join(draft, 'journal.json'), `${JSON.stringify(journal, null, 1)}\n`)
    writeFileSync(join(draft, 'metrics_events.jsonl'), lines(seconds))
    writeFileSync(join(draft, 'report.html'), reportHtml(journal))
    if (log.length > 0) writeFileSync(join(draft, 'api.log'), lines(log))
    renameSync(draft, folder)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    throw new UserError(
      `The run could not be kept in ${runsFolder} (${systemReasonOf(error)}). Make room there, or make it writable.`,
    )
  }
  return { folder, remark: updateLabDb(runsFolder) }
}

/** `<time>-<experiment>`, as a name that every file system takes and that stays in its folder. */
function freeName(runsFolder: string, { started, experiment, run }: Journal): string {
  const time = new Date(started).toISOString().replaceAll(':', '-')
  const plain = experiment.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 80) || 'run'
  const base = `${time}-${plain}${run.of > 1 ? `-${run.number}` : ''}`
  for (let i = 2, name = base; ; name = `${base}-${i++}`) if (!existsSync(join(runsFolder, name))) return name
}

function lines(texts: string[]): string {
  return texts.map((one) => `${one}\n`).join('')
}
