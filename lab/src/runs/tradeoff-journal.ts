import type { ClientPolicy } from '../load/client-policy.ts'
import type { Journal } from './journal.ts'

/** `settings`: those of the API that differ from the default. `clients`: what the clients do. */
export type Variant = {
  name: string
  settings: Record<string, string>
  clients?: ClientPolicy
  postgres?: boolean
  processes?: number
}

/** Two variants over all rounds (judge-tradeoff.ts). */
export type Contrast = {
  found: 'A' | 'B' | 'alike' | 'unclear'
  a: number
  b: number
  /** B minus A: the median of the pairs, the smallest and the largest. */
  difference: number
  from: number
  to: number
  /** The largest spread within one variant: the largest value minus the smallest. */
  spread: number
}

/**
 * A measure of the first variant (A) and of another one (B); of three or more variants one for each of the others, in order.
 * `better`: the variant that was expected to be better, or neither. `contrast` null: not measured in every round.
 */
export type ComparedMeasure = {
  measure: string
  phase: string
  title: string
  unit: string
  better: string
  why: string
  values: [(number | null)[], (number | null)[]]
  contrast: Contrast | null
  /** For a reader: the value of A, of B, the difference; and what came of it. */
  words: [string, string, string]
  says: string
  met: 'yes' | 'no' | 'unclear'
}

/** journal.json of a comparison: the result, and the journal of every single play. */
export type TradeoffJournal = {
  schema: 2
  tradeoff: string
  question: string
  decision: string
  unmeasured: string
  variants: Variant[]
  /** What the API could do at most, per second, before the last round: loads and settings may follow from it. */
  capacity?: number
  rounds: number
  compared: ComparedMeasure[]
  verdict: 'PASS' | 'FAIL' | 'INVALID'
  reasons: string[]
  /** The command that runs it again. */
  again: string
  plays: { variant: string; round: number; journal: Journal }[]
}
