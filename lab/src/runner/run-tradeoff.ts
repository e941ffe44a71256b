import { relative } from 'node:path'
import type { Verdict } from '../load/figures.ts'
import { startOwnLoad } from '../load/load.ts'
import { comparedRows, comparisonWords, metWords, settingsInWords, tradeoffHtml } from '../report/tradeoff.ts'
import type { TradeoffJournal, Variant } from '../runs/tradeoff-journal.ts'
import { loadSlo, type Slo } from '../slo.ts'
import { needPostgres } from '../targets/embedded.ts'
import { reporting } from '../targets/target.ts'
import { lengthOf, withLength } from './experiment.ts'
import { journalOf } from './journal-of.ts'
import { judgeTradeoff } from './judge-tradeoff.ts'
import { measure } from './measures.ts'
import { play } from './play.ts'
import { capacityFor, type MeasuredCapacity, playOn } from './play-own.ts'
import type { ExperimentOptions } from './run-experiment.ts'
import { phaseTable, say, wrap } from './screen.ts'
import { allTradeoffs, experimentOf, loadTradeoff, neither, type Tradeoff } from './tradeoff.ts'
import { checkRunsFolder, writeFolder } from './write-run.ts'

/** `seconds`: the length of one round of one variant. `socket`: that of the long-running lab, in the stack. */
type TradeoffOptions = Pick<ExperimentOptions, 'name' | 'seconds' | 'slo' | 'folder' | 'stop'> & {
  rounds: number
  socket?: string
}

/** Plays the variants in turn, compares them and prints and returns the verdict. */
export async function runTradeoff(options: TradeoffOptions): Promise<Verdict> {
  const { name, seconds, rounds, folder } = options
  const slo = loadSlo(options.slo)
  const full = await loadTradeoff(name, slo)
  const shape = withLength(full, seconds)
  if (shape.variants.some(({ postgres }) => postgres)) needPostgres()
  checkRunsFolder(folder)
  introduce(shape, rounds)

  let [tradeoff, capacity]: [Tradeoff, MeasuredCapacity | undefined] = [shape, undefined]
  const all: Awaited<ReturnType<typeof playVariant>>[] = []
  for (let round = 1; round <= rounds; round++) {
    // All variants of a round meet the same load.
    capacity = await capacityFor(shape, lengthOf(shape) / lengthOf(full), options.stop)
    tradeoff = withLength(await loadTradeoff(name, slo, capacity?.perSecond), seconds)
    for (const variant of tradeoff.variants) {
      say(`\n${wrap(`Round ${round} of ${rounds}: ${variant.name} (${settingsInWords(variant)})`)}`)
      all.push(await playVariant({ tradeoff, variant, round, capacity }, options, slo))
    }
  }
  const { question, decision, unmeasured, variants } = tradeoff
  const journal: TradeoffJournal = {
    ...{ schema: 2, tradeoff: name, question, decision, unmeasured, variants, rounds },
    capacity: capacity?.perSecond,
    ...judgeTradeoff(tradeoff, all),
    again: again(options),
    plays: all.map(({ variant, round, journal }) => ({ variant, round, journal })),
  }
  say(`\n${tradeoffConclusion(journal)}\n`)
  // This one again where it proved nothing, else the next one of the list.
  const next = (await allTradeoffs(slo)).find(({ order }) => order > tradeoff.order)
  if (journal.verdict === 'INVALID') say(`Try next:\n  ${journal.again}\n`)
  else if (next) say(`Try next:\n  ${again({ ...options, name: next.name })}\n`)
  const kept = writeFolder(folder, journal.plays[0]?.journal.started ?? '', `tradeoff-${name}`, {
    journal,
    seconds: all.flatMap(({ variant, round, journal: { seconds } }) =>
      seconds.map((second) => ({ variant, round, ...second })),
    ),
    report: tradeoffHtml(journal),
    log: all.flatMap(({ log }) => log ?? []),
  })
  if (!options.socket) say(`Kept in ${relative(process.cwd(), kept)}`)
  return journal.verdict
}

type Turn = { tradeoff: Tradeoff; variant: Variant; round: number; capacity?: MeasuredCapacity }

async function playVariant({ tradeoff, variant, round, capacity }: Turn, options: TradeoffOptions, slo: Slo) {
  const experiment = experimentOf(tradeoff, variant)
  const name = `${options.name}-${variant.name}`
  const { run, target } = await playOn(variant, capacity, options.stop, (target) => {
    const reported = { ...target, ...reporting(name, target.mode, options.socket) }
    // The same random arrivals for each variant of a round.
    return play(experiment, reported, startOwnLoad, options.stop, round)
  })
  const about = { name, experiment, slo, target, run: { number: round, of: options.rounds }, again: again(options) }
  const journal = journalOf(run, about)
  const { verdict, reasons } = journal
  const values = tradeoff.compared.map((one) => measure(one.measure, one.phase, run, slo).value)
  return { variant: variant.name, round, values, verdict, reasons, journal, log: target.log?.kept }
}

function introduce(tradeoff: Tradeoff, rounds: number): void {
  const { question, variants } = tradeoff
  const length = Math.round(lengthOf(tradeoff))
  say(wrap(question))
  for (const variant of variants) say(wrap(`- ${variant.name}: ${settingsInWords(variant)}`, '  '))
  say(wrap(`Each is played ${rounds} times for ${length} s, in turn, on a fresh API; Ctrl-C ends it at any time.`))
}

function again({ name, seconds, rounds, socket }: TradeoffOptions): string {
  const length = seconds === undefined ? '' : ` LENGTH=${seconds}`
  return `make tradeoff NAME=${name}${socket ? '' : ' EMBEDDED=1'}${length}${rounds === 3 ? '' : ` RUNS=${rounds}`}`
}

/** What came out of a comparison: the table, a sentence for each measure, the verdict, and what no number shows. */
function tradeoffConclusion(journal: TradeoffJournal): string {
  const { verdict, reasons, unmeasured, decision } = journal
  const { heads, rows } = comparedRows(journal)
  const lines = rows.map(({ phase, title, cells }) => ({ phase, cells: [title, ...cells] }))
  const sentences = rows.map(({ phase, title, why, pairs }) => {
    const better =
      [...new Set(pairs.map(({ better }) => better))].filter((one) => one !== neither).join(', ') || neither
    const words = metWords(pairs)
    const expected =
      words === 'yes'
        ? 'As expected'
        : `Expected to be better: ${better}${words === 'not refuted' ? ' (not refuted)' : ''}`
    return wrap(`${phase}, ${title}: ${pairs.map(({ says }) => says).join(' ')} ${expected}, because ${why}.`, '  ')
  })
  return [
    phaseTable(['compared', ...heads], lines),
    sentences.join('\n'),
    [wrap(`${verdict}: ${comparisonWords(journal)}`), ...reasons.map((reason) => wrap(`- ${reason}`, '  '))].join('\n'),
    `What no number shows:\n${wrap(unmeasured, '  ')}`,
    `The decision:\n${wrap(decision, '  ')}`,
  ].join('\n\n')
}
