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

export type TradeoffJudgement = { compared: ComparedMeasure[]; verdict: Verdict; reasons: string[] }

/** PASS: every expected difference was seen. FAIL: one was not there, or was the opposite. INVALID: noise, or a bad play. */
export function judgeTradeoff(
  { variants, compared }: Pick<Tradeoff, 'variants' | 'compared'>,
  plays: Play[],
): TradeoffJudgement {
  const names = variants.map(({ name }) => name)
  const judged = compared.map((one, i) => {
    const [inA, inB] = names.map((name) =>
      plays.filter(({ variant }) => variant === name).map((play) => play.values[i]),
    )
    return judgeOne(one, names, inA ?? [], inB ?? [])
  })
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

function judgeOne(
  { measure, phase, better, why }: Compared,
  names: string[],
  inA: Values,
  inB: Values,
): ComparedMeasure {
  const { title, unit, better: direction } = measures[measure]
  const found = contrast(inA, inB, direction === 'more')
  const winner = found?.found === 'A' ? names[0] : found?.found === 'B' ? names[1] : neither
  const values = [inA, inB].map((all) => all.map((value) => value ?? null))
  // Where noise hides a difference, none was seen; one that was expected may be there all the same.
  const isUnclear = found === undefined || (found.found === 'unclear' && better !== neither)
  return {
    ...{ measure, phase: phase ?? 'the whole run', title, unit, better, why },
    values: values as ComparedMeasure['values'],
    contrast: found ?? null,
    words: cells(found, unit),
    says: sentence(found, names, unit),
    met: isUnclear ? 'unclear' : winner === better ? 'yes' : 'no',
  }
}
