import { relative } from 'node:path'
import { measureCapacity } from '../load/capacity.ts'
import { quantile, sorted } from '../load/figures.ts'
import { startK6Load } from '../load/k6-load.ts'
import { startOwnLoad } from '../load/load.ts'
import { number } from '../report/html.ts'
import type { Journal } from '../runs/journal.ts'
import { loadSlo } from '../slo.ts'
import { withEmbedded } from '../targets/embedded.ts'
import { openStack, reporting, type StackOptions, type Target } from '../targets/target.ts'
import { checkLengthForK6, guessesFor, introduce, recoverEarlier } from './before-run.ts'
import { type Experiment, lengthOf, loadExperiment, needsOwnApi, needsOwnLoad, scale } from './experiment.ts'
import { journalOf } from './journal-of.ts'
import { type Judgement, judge } from './judge.ts'
import { play } from './play.ts'
import { besideMeasured } from './predict.ts'
import type { Run } from './run.ts'
import { conclusion, say, textTable, wrap } from './screen.ts'
import { checkRunsFolder, writeRun } from './write-run.ts'

export type ExperimentOptions = {
  name: string
  /** The length of the whole; full length without. */
  seconds?: number
  runs: number
  predict: boolean
  /** Shows the seconds and nothing else: a lesson speaks for itself. */
  brief?: boolean
  /** A file of guesses. */
  guesses?: string
  /** An API that runs already; without one the lab starts its own. */
  stack?: StackOptions
  load: 'own' | 'k6'
  /** The file of the goals, and the folder in which runs are kept. */
  slo: string
  folder: string
  stop: AbortSignal
  /** Is given each run, with its folder. */
  kept?: (journal: Journal, folder: string) => void
}

/** Plays an experiment `runs` times and prints the verdicts. Returns the exit code: 1 after any FAIL, 2 after any INVALID, else 0. */
export async function runExperiment(options: ExperimentOptions): Promise<number> {
  const { name, runs, folder, stop } = options
  const slo = loadSlo(options.slo)
  const full = await loadExperiment(name, slo)
  const factor = (options.seconds ?? lengthOf(full)) / lengthOf(full)
  const experiment = scale(full, factor)
  const stack = needsOwnApi(experiment) ? undefined : options.stack
  // In the lab's container there is no memory for k6 beside an API.
  const isK6s = options.load === 'k6' && stack === options.stack && !needsOwnLoad(experiment)
  const startLoad = isK6s ? startK6Load : startOwnLoad
  if (startLoad === startK6Load) checkLengthForK6(full, experiment)
  checkRunsFolder(folder)
  await recoverEarlier(stack)
  if (!options.brief) introduce(experiment, options)
  // Before the hypothesis, which gives the answers away.
  const guesses = await guessesFor(experiment, options)
  if (!options.brief) say(wrap(`Hypothesis: ${experiment.hypothesis}`))

  const judgements: Judgement[] = []
  for (let number = 1; number <= runs; number++) {
    if (runs > 1) say(`\nRun ${number} of ${runs}`)
    // The log of an API that was started for the run is complete when it has ended.
    const played = stack ? await playOn(number, openStack(stack), experiment) : await playOnOwn(number)
    judgements.push(conclude(number, played))
  }
  if (runs > 1) say(`\n${repeatsTable(judgements)}`)
  const verdicts = judgements.map(({ verdict }) => verdict)
  // A run that proves something counts for more than one that proves nothing.
  return verdicts.includes('FAIL') ? 1 : verdicts.includes('INVALID') ? 2 : 0

  /** On an API that the lab starts; what it can do at most is measured on another one before, since its settings may follow from it. */
  async function playOnOwn(number: number) {
    const { capacity: of, ...own } = experiment
    const capacity = of && (await withEmbedded(own, (target) => measureCapacity(target, of)))
    if (capacity === undefined) return withEmbedded(experiment, (target) => playOn(number, target, experiment))
    say(
      wrap(
        `\nCapacity: this API serves at most ${capacity.perSecond.toFixed(1)} ${of} requests a second here. All loads are relative to that.`,
      ),
    )
    const relative = scale(await loadExperiment(name, slo, capacity.perSecond), factor)
    return withEmbedded(relative, async (target) => {
      const played = await playOn(number, target, relative)
      const after = played.run.died ? undefined : await measureCapacity(target, capacity.of).catch(() => undefined)
      played.run.capacity = { ...capacity, after: after?.perSecond }
      return played
    })
  }

  async function playOn(number: number, own: Target, experiment: Experiment) {
    const target = { ...own, ...reporting(name, own.mode, options.stack?.socket) }
    // Another seed for each repetition, or the spread of the results would hide that arrivals are random.
    return { experiment, target, run: await play(experiment, target, startLoad, stop, number) }
  }

  function conclude(
    number: number,
    { run, target, experiment }: { run: Run; target: Target; experiment: Experiment },
  ): Judgement {
    run.logged = target.log?.refusals
    const judgement = judge(run, experiment, slo)
    const predictions = guesses ? besideMeasured(experiment, guesses, run, slo) : []
    const about = { name, experiment, slo, target, predictions, run: { number, of: runs }, again: again(options) }
    const journal = journalOf(run, judgement, about)
    if (!options.brief) say(`\n${conclusion(journal)}\n`)
    const { folder: kept, remark } = writeRun(folder, journal, target.log?.kept)
    options.kept?.(journal, kept)
    if (remark) say(wrap(remark))
    // In the stack the folder is copied out of the container, and make says where to.
    if (!options.stack?.socket) say(`Kept in ${relative(process.cwd(), kept)}`)
    return judgement
  }
}

function again({ name, seconds, stack }: ExperimentOptions): string {
  if (name === 'demo' && seconds === undefined) return 'make demo'
  return `make experiment NAME=${name}${stack ? '' : ' EMBEDDED=1'}${seconds === undefined ? '' : ` LENGTH=${seconds}`}`
}

/** What the runs of one experiment have in common: the median and spread of each expectation, and how often it was met. */
function repeatsTable(judgements: Judgement[]): string {
  const rows = (judgements[0]?.expectations ?? []).map((one, i) => {
    const values = judgements.map(({ expectations }) => expectations[i]?.value ?? Number.NaN)
    const met = judgements.filter(({ expectations }) => expectations[i]?.met).length
    return [`${one.phase}: ${one.what}`, spread(values, one.unit), `${met} of ${judgements.length}`]
  })
  return textTable([`${judgements.length} runs`, 'median (from to)', 'met'], rows)
}

function spread(values: number[], unit: string): string {
  const known = sorted(values.filter((value) => !Number.isNaN(value)))
  if (known.length === 0) return 'never'
  const words = (share: number) => number(quantile(known, share))
  return `${words(0.5)} (${words(0)} to ${words(1)}) ${unit}`.trimEnd()
}
