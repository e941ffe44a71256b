import { median } from '../anomalies/detect.ts'
import type { Verdict } from '../load/figures.ts'
import { number } from '../report/html.ts'
import type { ComparedMeasure, Contrast } from '../runs/tradeoff-journal.ts'
import { together } from './judge.ts'
import { measures } from './measures.ts'
import { inWords } from './selection.ts'
import { type Compared, neither, type Tradeoff } from './tradeoff.ts'

/** One variant, played once: the value of each compared measure, and whether the play proves anything. */
export type Play = {
  variant: string
  round: number
  values: (number | undefined)[]
  verdict: Verdict
  reasons: string[]
}

/** PASS: every expected difference was seen. FAIL: one was not there, or was the opposite. INVALID: noise, or a bad play. */
export function judgeTradeoff({ variants, compared }: Pick<Tradeoff, 'variants' | 'compared'>, plays: Play[]) {
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
  // A variant that dies or loses notes has failed; a play that proves nothing makes every difference doubtful.
  const ofPlays = together(plays)
  const ofMissed = together(missed.map(({ met }) => ({ verdict: met === 'no' ? 'FAIL' : 'INVALID' })))
  const verdict = ofPlays === 'PASS' ? ofMissed : ofPlays
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

// The statistics of a comparison. Each round is a pair: both variants, one right after the other. A difference counts when
// 1. every pair agrees on its direction,
// 2. even the closest pair is further apart than any two rounds of one variant, and
// 3. every pair differs by at least a tenth, since a smaller difference decides nothing.
// "Further apart" is by the difference or by the ratio, because noise grows with the value: a p95 of 1,000 ms scatters by more
// than one of 10 ms. Both variants are alike when all their values lie within a tenth. Everything else is unclear.

/** A smaller share of the larger value is no difference worth a decision. */
const noticeable = 0.1

/** Compares the values of two variants by pairs; undefined when a value is missing. `more`: a larger value is better. */
function contrast(inA: Values, inB: Values, more: boolean): Contrast | undefined {
  const [a, b] = [inA, inB].map((values) => values.filter((value) => value !== undefined))
  if (!a || !b || a.length === 0 || a.length !== inA.length || b.length !== inA.length) return undefined
  const pairs = b.map((value, i) => value - (a[i] as number))
  const spread = Math.max(range(a), range(b))
  const all = [...a, ...b]
  const least = noticeable * Math.max(...all.map(Math.abs))
  const isOneSided = pairs.every((one) => one > 0) || pairs.every((one) => one < 0)
  const isBeyondNoise = (scale: (value: number) => number) => {
    const closest = Math.min(...b.map((value, i) => Math.abs(scale(value) - scale(a[i] as number))))
    return closest > Math.max(range(a.map(scale)), range(b.map(scale)))
  }
  const isApart = isBeyondNoise((value) => value) || (all.every((value) => value > 0) && isBeyondNoise(Math.log))
  const isDifferent = isOneSided && isApart && Math.min(...pairs.map(Math.abs)) >= least
  const isBBetter = pairs[0] !== undefined && pairs[0] > 0 === more
  const found = isDifferent ? (isBBetter ? 'B' : 'A') : range(all) <= least ? 'alike' : 'unclear'
  const figures = { a: median(a), b: median(b), difference: median(pairs) }
  return { found, ...figures, from: Math.min(...pairs), to: Math.max(...pairs), spread }
}

function range(values: number[]): number {
  return Math.max(...values) - Math.min(...values)
}

/** What a contrast says, in one sentence. */
function sentence(one: Contrast | undefined, [a, b]: string[], unit: string): string {
  if (one === undefined) return `${a} and ${b}: not measured in every round.`
  if (one.found === 'alike') return `${a} and ${b} do not differ: all values lie within a tenth.`
  if (one.found === 'unclear')
    return `${a} and ${b}: no difference that this run can show, one alone scatters by ${inWords({ value: one.spread }, unit)}.`
  return `${one.found === 'A' ? a : b} is better in every round.`
}

/** The value of A, of B, and their difference: `-3.1 (-3.5 to -2.9)`. */
function cells(one: Contrast | undefined, unit: string): [string, string, string] {
  if (one === undefined) return ['–', '–', '–']
  const difference = `${signed(one.difference)} (${signed(one.from)} to ${signed(one.to)})`
  return [inWords({ value: one.a }, unit), inWords({ value: one.b }, unit), difference]
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${number(value)}`
}
