import type { Verdict } from '../load/figures.ts'
import type { ComparedMeasure } from '../runs/tradeoff-journal.ts'
import { cells, contrast, sentence } from './contrast.ts'
import { measures } from './measures.ts'
import { type Compared, neither, type Tradeoff } from './tradeoff.ts'

/** One variant, played once: the value of each compared measure, and whether the play proves anything. */
export type Play = {
  variant: string
  round: number
  values: (number | undefined)[]
  verdict: Verdict
  reasons: string[]
}

type TradeoffJudgement = { compared: ComparedMeasure[]; verdict: Verdict; reasons: string[] }

/** PASS: every expected difference was seen. FAIL: one was not there, or was the opposite. INVALID: noise, or a bad play. */
export function judgeTradeoff(
  { variants, compared }: Pick<Tradeoff, 'variants' | 'compared'>,
  plays: Play[],
): TradeoffJudgement {
  const [first = '', ...others] = variants.map(({ name }) => name)
  const valuesOf = (name: string, i: number) =>
    plays.filter(({ variant }) => variant === name).map(({ values }) => values[i])
  const judged = compared.flatMap((one, i) =>
    others.map((other) => judgePair(one, [first, other], valuesOf(first, i), valuesOf(other, i))),
  )
  const problems = plays.flatMap(({ variant, round, reasons }) =>
    reasons.map((reason) => `${variant}, round ${round}: ${reason}`),
  )
  const missed = judged.filter(({ met }) => met !== 'yes')
  const reasons = missed.map(({ phase, title, better, says }) => `${phase}: ${title}: expected ${better}. ${says}`)
  const has = (verdict: Verdict) => plays.some((play) => play.verdict === verdict)
  // A variant that dies or loses notes has failed; a play that proves nothing makes every difference doubtful.
  const verdict = has('FAIL')
    ? 'FAIL'
    : has('INVALID')
      ? 'INVALID'
      : missed.some(({ met }) => met === 'no')
        ? 'FAIL'
        : missed.length > 0
          ? 'INVALID'
          : 'PASS'
  return { compared: judged, verdict, reasons: [...problems, ...reasons] }
}

type Values = (number | undefined)[]

/** One measure of the first variant and of another one. */
function judgePair(
  { measure, phase, better, why }: Compared,
  names: [string, string],
  inA: Values,
  inB: Values,
): ComparedMeasure {
  const { title, unit, better: direction } = measures[measure]
  const found = contrast(inA, inB, direction === 'more')
  const winner = found?.found === 'A' ? names[0] : found?.found === 'B' ? names[1] : neither
  const expected = names.find((name) => [better].flat().includes(name)) ?? neither
  // Where noise hides a difference, none was seen; one that was expected may be there all the same.
  const isUnclear = found === undefined || (found.found === 'unclear' && expected !== neither)
  return {
    ...{ measure, phase: phase ?? 'the whole run', title, unit, better: expected, why },
    values: [inA.map((value) => value ?? null), inB.map((value) => value ?? null)],
    contrast: found ?? null,
    words: cells(found, unit),
    says: sentence(found, names, unit),
    met: isUnclear ? 'unclear' : winner === expected ? 'yes' : 'no',
  }
}
