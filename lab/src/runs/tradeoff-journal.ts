import { z } from 'zod'
import { journal } from './journal.ts'

const variant = z.object({
  name: z.string(),
  settings: z.record(z.string(), z.string()),
  postgres: z.boolean().optional(),
  processes: z.number().optional(),
})

/** `difference`, `from`, `to`: B minus A, over the rounds (contrast.ts). */
const contrast = z.object({
  found: z.enum(['A', 'B', 'alike', 'unclear']),
  a: z.number(),
  b: z.number(),
  difference: z.number(),
  from: z.number(),
  to: z.number(),
  spread: z.number(),
})

/** `better`: the variant that was expected to be better, or neither. `contrast` null: not measured in every round. */
const compared = z.object({
  measure: z.string(),
  phase: z.string(),
  title: z.string(),
  unit: z.string(),
  better: z.string(),
  why: z.string(),
  values: z.tuple([z.array(z.number().nullable()), z.array(z.number().nullable())]),
  contrast: contrast.nullable(),
  /** For a reader: the value of A, of B, the difference; and what came of it. */
  words: z.tuple([z.string(), z.string(), z.string()]),
  says: z.string(),
  met: z.enum(['yes', 'no', 'unclear']),
})

/** journal.json of a comparison: the result, and the journal of every single play. */
export const tradeoffJournal = z.object({
  schema: z.literal(2),
  tradeoff: z.string(),
  question: z.string(),
  decision: z.string(),
  unmeasured: z.string(),
  variants: z.tuple([variant, variant]),
  rounds: z.number(),
  compared: z.array(compared),
  verdict: z.enum(['PASS', 'FAIL', 'INVALID']),
  reasons: z.array(z.string()),
  /** The command that runs it again. */
  again: z.string(),
  plays: z.array(z.object({ variant: z.string(), round: z.number(), journal })),
})

export type TradeoffJournal = z.infer<typeof tradeoffJournal>
export type ComparedMeasure = z.infer<typeof compared>
