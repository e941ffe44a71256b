import { quantile, sorted } from '../load/figures.ts'
import type { Judgement } from './judge.ts'
import { textTable } from './screen.ts'

/** What repeats of one experiment have in common: each expectation's median and spread, and how often it was met. */
export function repeatsTable(judgements: Judgement[]): string {
  const first = judgements[0]?.expectations ?? []
  const rows = first.map((one, i) => {
    const values = judgements.map(({ expectations }) => expectations[i]?.value ?? Number.NaN)
    const met = judgements.filter(({ expectations }) => expectations[i]?.met).length
    return [`${one.phase}: ${one.what}`, spread(values, one.unit), `${met} of ${judgements.length}`]
  })
  return textTable([`${judgements.length} runs`, 'median (from to)', 'met'], rows)
}

function spread(values: number[], unit: string): string {
  const known = sorted(values.filter((value) => !Number.isNaN(value)))
  if (known.length === 0) return 'never'
  const words = (share: number) => String(Math.round(quantile(known, share) * 10) / 10)
  return `${words(0.5)} (${words(0)} ${words(1)}) ${unit}`
}
