import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readJson } from '../config.ts'

const figure = z.number().nullable()

/** What is compared between scorecards; null: not measured. Of several phases or faults the worst. */
const figures = z.object({ failed: figure, p95_ms: figure, degraded_ms: figure, back_ms: figure })
const entry = z.object({
  name: z.string(),
  /** SKIPPED: it cannot be played on this machine. */
  verdict: z.enum(['PASS', 'FAIL', 'INVALID', 'SKIPPED']),
  reasons: z.array(z.string()),
  took_s: z.number(),
  /** Missing where it could not be played: the folder of the run beside that of the scorecard. */
  run: z.string().optional(),
  met: z.string().optional(),
  figures: figures.optional(),
})

/** scorecard.json: every experiment, played one after another. */
const scorecard = z.object({
  schema: z.literal(1),
  started: z.string(),
  mode: z.enum(['embedded', 'stack']),
  commit: z.string(),
  machine: z.string(),
  /** The length of each; as long as it should be without. */
  seconds: z.number().optional(),
  planned: z.array(z.string()),
  entries: z.array(entry),
})
export type Scorecard = z.infer<typeof scorecard>
export type Entry = z.infer<typeof entry>

/** `scorecard-<time>`: not the name of a run. */
export function scorecardName({ started }: Pick<Scorecard, 'started'>): string {
  return `scorecard-${started.replaceAll(':', '-')}`
}

/** Every scorecard in the folder of runs, the newest last. */
export function scorecardsIn(runsFolder: string): Scorecard[] {
  const names = readdirSync(runsFolder).filter((name) => /^scorecard-\d{4}-/.test(name))
  return names.sort().map((name) => readJson(join(runsFolder, name, 'scorecard.json'), scorecard))
}

/** Writes what there is so far, with its page; each file is whole at any moment. */
export function writeScorecard(runsFolder: string, card: Scorecard, page: string): string {
  const folder = join(runsFolder, scorecardName(card))
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries({
    'scorecard.json': JSON.stringify(card, null, 1),
    'report.html': page,
  })) {
    writeFileSync(join(folder, `${name}.new`), content)
    renameSync(join(folder, `${name}.new`), join(folder, name))
  }
  return folder
}
