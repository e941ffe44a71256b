import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UserError } from '../errors.ts'
import type { Slo } from '../slo.ts'
import type { EmbeddedOptions } from '../targets/embedded.ts'
import { type Expectation, type Experiment, lengthOf, type Phase, scale, type TimedFault } from './experiment.ts'
import { type MeasureName, measures } from './measures.ts'
import { wrap } from './screen.ts'

/** A decision between two variants of the API, played in turn under the same load. */
export type Tradeoff = {
  question: string
  /** What the project has decided, and when to decide otherwise. */
  decision: string
  variants: [Variant, Variant]
  phases: Phase[]
  faults?: TimedFault[]
  compared: Compared[]
  /** What no number of this run shows. */
  unmeasured: string
  /** The place in the list, in tens. */
  order: number
}

/** `settings`: those of the API that differ from the default. */
export type Variant = { name: string; settings: Record<string, string> } & Pick<
  EmbeddedOptions,
  'postgres' | 'processes'
>

/** A measure of a phase, without one of the whole run; `better`: the name of the variant that is expected to be better, or no one. */
export type Compared = { measure: MeasureName; phase?: string; better: string; why: string }

export const neither = 'neither'

/**
 * How often each variant is played. Of two identical variants whose figures scatter by a fifth, two rounds show a difference in
 * 11 of 100 measures, three rounds in 1.4 (200,000 simulated measures, judged as contrast.ts does).
 */
export const rounds = 3

const folder = join(import.meta.dirname, '..', 'tradeoffs')

export function tradeoffNames(): string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'))
  return files.map((file) => file.slice(0, -'.ts'.length)).sort()
}

/** Throws a UserError that lists the names when there is no such comparison. */
export async function loadTradeoff(name: string, slo: Slo): Promise<Tradeoff> {
  const names = tradeoffNames()
  if (!names.includes(name)) throw new UserError(wrap(`${name || 'No name'}: the comparisons are ${names.join(', ')}.`))
  const { href } = pathToFileURL(join(folder, `${name}.ts`))
  const file: { tradeoff: (slo: Slo) => Tradeoff } = await import(href)
  return file.tradeoff(slo)
}

/** What is played of a variant: an experiment that expects only that no acknowledged note is lost. */
export function experimentOf({ question, phases, faults, order }: Tradeoff, { settings }: Variant): Experiment {
  const expectations: Expectation[] = [{ measure: 'notes_lost', compare: '=', limit: 0, why: 'a 201 is a promise' }]
  const own = { question, settings, phases, faults, order, expectations }
  return { ...own, hypothesis: '', predictions: [], level: 3, learned: '', next: '' }
}

/** The same comparison with rounds of so many seconds. */
export function withLength(tradeoff: Tradeoff, seconds?: number): Tradeoff {
  const whole = experimentOf(tradeoff, tradeoff.variants[0])
  const { phases, faults } = seconds === undefined ? whole : scale(whole, seconds / lengthOf(whole))
  return { ...tradeoff, phases, faults }
}

/** `outage: p95 of the reads`. */
export function titleOf({ measure, phase }: Pick<Compared, 'measure' | 'phase'>): string {
  return `${phase ?? 'the whole run'}: ${measures[measure].title}`
}
