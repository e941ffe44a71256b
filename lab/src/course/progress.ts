import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readJson } from '../config.ts'
import { checkRunsFolder } from '../runner/write-run.ts'
import { findRun, runNames } from '../runs/find-run.ts'
import type { Journal } from '../runs/journal.ts'
import type { Play } from './lesson.ts'

// How far a reader has come in the course: the terminal and the page go on from each other's state.

const progress = z.record(
  z.string(),
  z.object({
    guesses: z.array(z.string()),
    /** When the guesses were made: a run of the lesson's experiment that began later answers them. */
    guessed: z.string(),
    done: z.string().optional(),
  }),
)
type Progress = z.infer<typeof progress>

/** The lessons whose guesses were made, and those that are done. */
export function readProgress(folder: string): Progress {
  const file = join(folder, 'lessons.json')
  return existsSync(file) ? readJson(file, progress) : {}
}

export function keepProgress(folder: string, name: string, change: Progress[string]): void {
  checkRunsFolder(folder)
  writeFileSync(
    join(folder, 'lessons.json'),
    `${JSON.stringify({ ...readProgress(folder), [name]: change }, null, 1)}\n`,
  )
}

/** The newest run of an experiment that began after a moment, and can be read. */
export function runSince(folder: string, { experiment }: Play, since: string): Journal | undefined {
  if (!runNames(folder).some((name) => name.endsWith(`Z-${experiment}`))) return undefined
  const { journal } = findRun(folder, experiment)
  return journal.started > since ? journal : undefined
}
