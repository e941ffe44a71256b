import { relative } from 'node:path'
import { startOwnLoad } from '../load/load.ts'
import { comparisonWords, settingsInWords, tradeoffHtml } from '../report/tradeoff.ts'
import type { TradeoffJournal } from '../runs/tradeoff-journal.ts'
import { loadSlo, type Slo } from '../slo.ts'
import { needPostgres, withEmbedded } from '../targets/embedded.ts'
import { reporting } from '../targets/target.ts'
import { lengthOf } from './experiment.ts'
import { journalOf } from './journal-of.ts'
import { judge } from './judge.ts'
import { judgeTradeoff, type Play } from './judge-tradeoff.ts'
import { measure } from './measures.ts'
import { play } from './play.ts'
import { say, textTable, wrap } from './screen.ts'
import { experimentOf, loadTradeoff, type Tradeoff, type Variant, withLength } from './tradeoff.ts'
import { checkRunsFolder, writeFolder } from './write-run.ts'

export type TradeoffOptions = {
  name: string
  /** The length of one round of one variant. */
  seconds?: number
  rounds: number
  /** The long-running lab's socket, in the stack. */
  socket?: string
  slo: string
  folder: string
  stop: AbortSignal
}

/** Plays both variants in turn, compares them and prints the verdict. Returns the exit code: 0 PASS, 1 FAIL, 2 INVALID. */
export async function runTradeoff(options: TradeoffOptions): Promise<number> {
  const { name, rounds, folder } = options
  const slo = loadSlo(options.slo)
  const tradeoff = withLength(await loadTradeoff(name, slo), options.seconds)
  if (tradeoff.variants.some(({ postgres }) => postgres)) needPostgres()
  checkRunsFolder(folder)
  introduce(tradeoff, rounds)

  const all: Awaited<ReturnType<typeof playVariant>>[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const variant of tradeoff.variants) {
      say(`\nRound ${round} of ${rounds}: ${variant.name} (${settingsInWords(variant)})`)
      all.push(await playVariant({ tradeoff, variant, round }, options, slo))
    }
  }
  const { question, decision, unmeasured, variants } = tradeoff
  const journal: TradeoffJournal = {
    ...{ schema: 2, tradeoff: name, question, decision, unmeasured, variants, rounds },
    ...judgeTradeoff(
      tradeoff,
      all.map(({ judged }) => judged),
    ),
    again: again(options),
    plays: all.map(({ judged: { variant, round }, journal }) => ({ variant, round, journal })),
  }
  say(`\n${tradeoffConclusion(journal)}\n`)
  const kept = writeFolder({
    runsFolder: folder,
    started: journal.plays[0]?.journal.started ?? '',
    name: `tradeoff-${name}`,
    journal,
    seconds: journal.plays.flatMap(({ variant, round, journal }) =>
      journal.seconds.map((second) => ({ variant, round, ...second })),
    ),
    report: tradeoffHtml(journal),
    log: all.flatMap(({ log }) => log ?? []),
  })
  if (!options.socket) say(`Kept in ${relative(process.cwd(), kept)}`)
  return { PASS: 0, FAIL: 1, INVALID: 2 }[journal.verdict]
}

type Turn = { tradeoff: Tradeoff; variant: Variant; round: number }

async function playVariant({ tradeoff, variant, round }: Turn, options: TradeoffOptions, slo: Slo) {
  const experiment = experimentOf(tradeoff, variant)
  const name = `${options.name}-${variant.name}`
  const { run, target } = await withEmbedded({ ...variant, ...experiment }, async (own) => {
    const target = { ...own, ...reporting(name, own.mode, options.socket) }
    return { target, run: await play(experiment, target, startOwnLoad, options.stop) }
  })
  const judgement = judge(run, experiment, slo)
  const values = tradeoff.compared.map((one) => measure(one.measure, one.phase, run, slo).value)
  const about = { name, experiment, slo, target, predictions: [], run: { number: round, of: options.rounds } }
  const judged: Play = { variant: variant.name, round, values, verdict: judgement.verdict, reasons: judgement.reasons }
  return { judged, journal: journalOf(run, judgement, { ...about, again: again(options) }), log: target.log?.kept }
}

function introduce(tradeoff: Tradeoff, rounds: number): void {
  const length = Math.round(lengthOf(experimentOf(tradeoff, tradeoff.variants[0])))
  const [a, b] = tradeoff.variants
  say(wrap(tradeoff.question))
  say(wrap(`A is ${a.name} (${settingsInWords(a)}), B is ${b.name} (${settingsInWords(b)}). Each runs on a fresh API.`))
  say(wrap(`This takes ${2 * rounds} times ${length} s; Ctrl-C ends it at any time.`))
}

function again({ name, seconds, rounds, socket }: TradeoffOptions): string {
  const length = seconds === undefined ? '' : ` LENGTH=${seconds}`
  return `make tradeoff NAME=${name}${socket ? '' : ' EMBEDDED=1'}${length}${rounds === 3 ? '' : ` RUNS=${rounds}`}`
}

/** What came out of a comparison: the table, a sentence for each measure, the verdict, and what no number shows. */
export function tradeoffConclusion(journal: TradeoffJournal): string {
  const { compared, variants, verdict, reasons, unmeasured, decision } = journal
  const phaseOf = (i: number) => compared[i]?.phase
  const rows = compared.flatMap((one, i) => [
    ...(one.phase === phaseOf(i - 1) ? [] : [[''], [{ content: one.phase, colSpan: 4 }]]),
    [`  ${one.title}`, ...one.words],
  ])
  const sentences = compared.map(({ phase, title, says, better, why, met }) =>
    wrap(`${phase}, ${title}: ${says} ${met === 'yes' ? 'As expected' : `Expected: ${better}`}, because ${why}.`, '  '),
  )
  return [
    textTable(['compared', ...variants.map(({ name }) => name), 'difference'], rows),
    sentences.join('\n'),
    [wrap(`${verdict}: ${comparisonWords(journal)}`), ...reasons.map((reason) => wrap(`- ${reason}`, '  '))].join('\n'),
    `What no number shows:\n${wrap(unmeasured, '  ')}`,
    `The decision:\n${wrap(decision, '  ')}`,
  ].join('\n\n')
}
