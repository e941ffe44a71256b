import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf, UserError } from '../errors.ts'
import { reportHtml } from '../report/report.ts'
import type { Journal } from '../runs/journal.ts'
import { addToLabDb } from '../runs/lab-db.ts'

const draftPrefix = '.draft-'
const abandonedAfterMs = 3_600_000

/**
 * Keeps a run: its folder with journal.json, metrics_events.jsonl and report.html, and its rows in lab.db. Gives the
 * folder's path. A UserError when it cannot be kept; then nothing of it stays.
 */
export function writeRun(runsFolder: string, journal: Journal): string {
  let draft: string | undefined
  let folder: string | undefined
  try {
    mkdirSync(runsFolder, { recursive: true })
    removeAbandoned(runsFolder)
    const name = freeName(runsFolder, journal)
    const target = join(runsFolder, name)
    draft = join(runsFolder, `${draftPrefix}${process.pid}-${name}`)
    mkdirSync(draft)
    writeFileSync(join(draft, 'journal.json'), `${JSON.stringify(journal, null, 1)}\n`)
    writeFileSync(join(draft, 'metrics_events.jsonl'), lines(journal.seconds))
    writeFileSync(join(draft, 'report.html'), reportHtml(journal))
    addToLabDb(runsFolder, name, journal, () => {
      if (folder === undefined) renameSync(draft as string, target)
      folder = target
    })
    return target
  } catch (error) {
    for (const half of [draft, folder]) if (half) rmSync(half, { recursive: true, force: true })
    throw sentenceFor(error, runsFolder)
  }
}

function sentenceFor(error: unknown, runsFolder: string): unknown {
  const reason = reasonOf(error)
  // Anything without such a short code is a mistake of the program, whose stack trace is worth seeing.
  if (!/^[A-Z_]+$/.test(reason)) return error
  return new UserError(`The run could not be kept in ${runsFolder} (${reason}): make room there, or let it be written.`)
}

/** `<time>-<experiment>`, as a name that every file system takes and that stays in its folder. */
function freeName(runsFolder: string, { started, experiment, run }: Journal): string {
  const time = new Date(started).toISOString().replaceAll(':', '-')
  const plain = experiment.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 80) || 'run'
  const base = `${time}-${plain}${run.of > 1 ? `-${run.number}` : ''}`
  for (let i = 2, name = base; ; name = `${base}-${i++}`) if (!existsSync(join(runsFolder, name))) return name
}

/** What a writer left that was killed. */
function removeAbandoned(runsFolder: string): void {
  for (const name of readdirSync(runsFolder).filter((one) => one.startsWith(draftPrefix))) {
    const path = join(runsFolder, name)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat && Date.now() - stat.mtimeMs > abandonedAfterMs) rmSync(path, { recursive: true, force: true })
  }
}

function lines(rows: object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}
