import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { reasonOf, UserError } from '../errors.ts'
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
      `Runs are kept in ${folder}, which cannot be written (${reasonOf(error)}). Make room there (8 MB), or name another folder: --folder FOLDER`,
    )
  }
}

const draftPrefix = '.draft-'
const abandonedAfterMs = 3_600_000

/** `remark`: why the run is not in lab.db, which is only an index. */
export type Kept = { folder: string; remark?: string }

/**
 * Keeps a run in a folder of its own: journal.json, metrics_events.jsonl, report.html and, where there are lines of the
 * API's log, api.log; then adds it to lab.db. Throws a UserError when the folder cannot be written; then nothing of it stays.
 */
export function writeRun(runsFolder: string, journal: Journal, log: string[] = []): Kept {
  let draft: string | undefined
  try {
    mkdirSync(runsFolder, { recursive: true })
    removeAbandoned(runsFolder)
    const name = freeName(runsFolder, journal)
    const folder = join(runsFolder, name)
    draft = join(runsFolder, `${draftPrefix}${process.pid}-${name}`)
    mkdirSync(draft)
    const seconds = journal.seconds.map((one) => JSON.stringify(one))
    writeFileSync(join(draft, 'journal.json'), `${JSON.stringify(journal, null, 1)}\n`)
    writeFileSync(join(draft, 'metrics_events.jsonl'), lines(seconds))
    writeFileSync(join(draft, 'report.html'), reportHtml(journal))
    if (log.length > 0) writeFileSync(join(draft, 'api.log'), lines(log))
    renameSync(draft, folder)
    return { folder, remark: updateLabDb(runsFolder) }
  } catch (error) {
    if (draft) rmSync(draft, { recursive: true, force: true })
    const reason = reasonOf(error)
    // Anything without such a code is a mistake of the program, whose stack trace is worth seeing.
    if (!/^[A-Z_]+$/.test(reason)) throw error
    throw new UserError(`The run could not be kept in ${runsFolder} (${reason}). Make room there, or make it writable.`)
  }
}

/** `<time>-<experiment>`, as a name that every file system takes and that stays in its folder. */
function freeName(runsFolder: string, { started, experiment, run }: Journal): string {
  const time = new Date(started).toISOString().replaceAll(':', '-')
  const plain = experiment.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 80) || 'run'
  const base = `${time}-${plain}${run.of > 1 ? `-${run.number}` : ''}`
  for (let i = 2, name = base; ; name = `${base}-${i++}`) if (!existsSync(join(runsFolder, name))) return name
}

/** Removes what a killed writer left. */
function removeAbandoned(runsFolder: string): void {
  for (const name of readdirSync(runsFolder).filter((one) => one.startsWith(draftPrefix))) {
    const path = join(runsFolder, name)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat && Date.now() - stat.mtimeMs > abandonedAfterMs) rmSync(path, { recursive: true, force: true })
  }
}

function lines(texts: string[]): string {
  return texts.map((one) => `${one}\n`).join('')
}
