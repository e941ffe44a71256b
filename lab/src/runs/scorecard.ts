import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readJson } from '../config.ts'
import type { Journal } from './journal.ts'

const figure = z.number().nullable()

/** What is compared between scorecards; null: not measured. Of several phases or faults the worst. */
const figures = z.object({ failed: figure, p95_ms: figure, degraded_ms: figure, back_ms: figure })
const entry = z.object({
  name: z.string(),
  verdict: z.enum(['PASS', 'FAIL', 'INVALID']),
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

/** The figures of a run that a scorecard shows; the warm-up is left out. */
export function figuresIn({ happened: { phases, faults }, expectations }: Journal): Pick<Entry, 'met' | 'figures'> {
  const judged = phases.filter(({ name }) => name !== 'warm-up').map((phase) => phase.figures)
  const sum = (of: 'due' | 'failed') => judged.reduce((total, one) => total + one[of], 0)
  const worst = (values: (number | null)[]) => {
    const known = values.filter((value) => value !== null)
    return known.length > 0 ? Math.max(...known) : null
  }
  return {
    met: `${expectations.filter(({ met }) => met).length} of ${expectations.length}`,
    figures: {
      failed: sum('due') > 0 ? sum('failed') / sum('due') : null,
      p95_ms: worst(judged.map(({ p95_ms }) => p95_ms)),
      degraded_ms: worst(faults.map(({ detected_after_ms }) => detected_after_ms)),
      back_ms: worst(faults.map(({ recovered_after_ms }) => recovered_after_ms)),
    },
  }
}

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
