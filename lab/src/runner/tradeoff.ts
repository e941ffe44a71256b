import { UserError } from '../errors.ts'
import type { Variant } from '../runs/tradeoff-journal.ts'
import type { Slo } from '../slo.ts'
import { type Expectation, type Experiment, importFrom, inOrder, namesIn } from './experiment.ts'
import type { MeasureName } from './measures.ts'
import { wrap } from './screen.ts'

/** A decision between variants, played in turn under the same load; each is compared with the first. */
export type Tradeoff = Pick<Experiment, 'question' | 'capacity' | 'arrivals' | 'clients' | 'phases' | 'order'> & {
  /** What the project has decided, and when to decide otherwise. */
  decision: string
  variants: Variant[]
  compared: Compared[]
  /** What no number of this run shows. */
  unmeasured: string
}

/**
 * A measure of a phase; without a phase, of the whole run. `better`: the variant expected to be better, or 'neither'. Of three
 * or more variants: those that are expected to be better than the first.
 */
export type Compared = { measure: MeasureName; phase?: string; better: string | string[]; why: string }

export const neither = 'neither'

/**
 * How often each variant is played. Of two identical variants whose figures scatter by a fifth, two rounds show a difference in
 * 11 of 100 measures, three rounds in 1.4 (200,000 simulated measures, judged as judge-tradeoff.ts does).
 */
export const rounds = 3

export const tradeoffNames = () => namesIn('tradeoffs')

/** `perSecond`: the measured capacity, as for an experiment. Throws a UserError that lists the names when there is no such comparison. */
export async function loadTradeoff(name: string, slo: Slo, perSecond?: number): Promise<Tradeoff> {
  const names = tradeoffNames()
  if (!names.includes(name)) throw new UserError(wrap(`${name || 'No name'}: the comparisons are ${names.join(', ')}.`))
  const file: { tradeoff: (slo: Slo, perSecond?: number) => Tradeoff } = await importFrom('tradeoffs', name)
  return file.tradeoff(slo, perSecond)
}

export const allTradeoffs = (slo: Slo) => inOrder(tradeoffNames(), (name) => loadTradeoff(name, slo))

/** What is played of a variant: an experiment that expects only that no acknowledged note is lost. */
export function experimentOf(tradeoff: Tradeoff, { settings, clients = tradeoff.clients }: Variant): Experiment {
  const { question, capacity, arrivals, phases, order } = tradeoff
  const expectations: Expectation[] = [{ measure: 'notes_lost', compare: '=', limit: 0, why: 'a 201 is a promise' }]
  return {
    ...{ question, capacity, order, expectations, settings },
    phases: phases.map((phase) => ({ arrivals, clients, ...phase })),
    ...{ hypothesis: '', predictions: [], level: 3, learned: '', next: '' },
  }
}
