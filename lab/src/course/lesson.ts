import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { importFrom, lengthAsked, lengthOf, loadExperiment, namesIn } from '../runner/experiment.ts'
import { measuringFor } from '../runner/play-own.ts'
import { wrap } from '../runner/screen.ts'
import type { Slo } from '../slo.ts'

/**
 * A lesson is data and prose. Its texts hold numbers of the reader's own run: `{p95@outage}`, see numbers.ts; in a text about
 * the second run `{first p95@outage}` is a number of the first one.
 */
export type Lesson = {
  title: string
  /** One paragraph that ends in a real question. */
  hook: string
  guesses: Guess[]
  run: Play
  /** At most 200 words. */
  why: string
  /** One thing to change, and what came of it; a comparison (make tradeoff) is only named. */
  knob: { says: string; after: string } & (Play | { command: string })
  question: Question
  grafana: { dashboard: string; panel: string; look: string }
  /** The line is found by a fragment that stands only once in the file. */
  code: { file: string; fragment: string; look: string }
}

/** An experiment, played in so many seconds. */
export type Play = { experiment: string; seconds: number }

/**
 * Answered by a number of the run, a reference as in the texts. `choice`: the first option is right below the first limit, the
 * last one from the last limit on. `order`: from the smallest to the largest.
 */
export type Guess = { ask: string } & (
  | { number: string; unit: string }
  | { choice: string[]; of: string; limits: number[] }
  | { order: Record<string, string> }
)

/** Its answer is checked: a number, which may be off by a tenth, or the right one of the options. */
export type Question = { ask: string; because: string } & ({ number: number } | { options: string[]; right: string })

const root = join(import.meta.dirname, '../../..')

/** The names of all lessons, in order. */
export const lessonNames = () => namesIn('lessons')

/** Returns the whole name of a lesson that is called 6, storm or 06-storm. */
export function findLesson(name: string): string {
  const names = lessonNames()
  const isMeant = (one: string) => {
    const [, number, word] = /^(\d+)-(.+)$/.exec(one) ?? []
    return name === one || name === word || Number(name || Number.NaN) === Number(number)
  }
  const found = names.find(isMeant)
  if (found) return found
  throw new UserError(wrap(`${name}: the lessons are ${names.join(', ')}.`))
}

export async function loadLesson(name: string): Promise<Lesson> {
  return (await importFrom('lessons', name)).lesson
}

/** The command that plays the same outside of the lesson. */
export function commandOf(play: Play | { command: string }): string {
  return 'command' in play ? play.command : `make experiment NAME=${play.experiment} EMBEDDED=1 LENGTH=${play.seconds}`
}

/** How long a run loads its machine: as long as it is, and where its loads follow from the capacity, to measure that before and after. */
export async function secondsUnderLoad({ experiment, seconds }: Play, slo: Slo): Promise<number> {
  const full = await loadExperiment(experiment, slo)
  const length = lengthAsked(full, seconds)
  return length + (full.capacity ? 2 * measuringFor(length / lengthOf(full)) : 0)
}

/** `file:line` of the fragment; undefined when it is not there exactly once. */
export function placeOf({ file, fragment }: Lesson['code']): string | undefined {
  const [before = '', ...rest] = readFileSync(join(root, file), 'utf8').split(fragment)
  return rest.length === 1 ? `${file}:${before.split('\n').length}` : undefined
}
