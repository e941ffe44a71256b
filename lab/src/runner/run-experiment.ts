import { relative } from 'node:path'
import { startK6Load } from '../load/k6-load.ts'
import { startOwnLoad } from '../load/own-load.ts'
import { loadSlo } from '../slo.ts'
import { openStack, type StackOptions } from '../targets/stack.ts'
import type { Target } from '../targets/target.ts'
import { sweepFolders } from '../targets/temp-folder.ts'
import { withEmbedded } from '../targets/with-embedded.ts'
import { type Experiment, lengthOf, loadExperiment, scale } from './experiment.ts'
import { journalOf } from './journal-of.ts'
import { type Judgement, judge } from './judge.ts'
import { play } from './play.ts'
import { askGuesses, besideMeasured, type Guesses, readGuesses } from './predict.ts'
import { repeatsTable } from './repeats.ts'
import type { Run } from './run.ts'
import { conclusion, say, wrap } from './screen.ts'
import { checkRunsFolder, writeRun } from './write-run.ts'

export type ExperimentOptions = {
  name: string
  /** The length of the whole, in seconds, or by what it is multiplied; full length without. */
  seconds?: number
  factor?: number
  runs: number
  predict: boolean
  /** A file of guesses. */
  guesses?: string
  /** An API that runs already; without one the lab starts its own. */
  stack?: StackOptions
  load: 'own' | 'k6'
  /** The file of the goals, and the folder in which runs are kept. */
  slo: string
  folder: string
  stop: AbortSignal
}

/** Plays an experiment as often as wanted and says what came out. Gives the exit code: 1 after any FAIL, 2 after any INVALID, else 0. */
export async function runExperiment(options: ExperimentOptions): Promise<number> {
  const { name, runs, folder, stack, load, stop } = options
  const slo = loadSlo(options.slo)
  const full = await loadExperiment(name, slo)
  const experiment = scale(full, options.factor ?? (options.seconds ?? lengthOf(full)) / lengthOf(full))
  checkRunsFolder(folder)
  await sweep()
  introduce(experiment, runs)
  // Before the hypothesis, which gives the answers away.
  const guesses = await guessesFor(experiment, options)
  say(wrap(`Hypothesis: ${experiment.hypothesis}`))

  const judgements: Judgement[] = []
  for (let number = 1; number <= runs; number++) {
    if (runs > 1) say(`\nRun ${number} of ${runs}`)
    judgements.push(await runOnce(number))
  }
  if (runs > 1) say(`\n${repeatsTable(judgements)}`)
  const verdicts = judgements.map(({ verdict }) => verdict)
  // One run that proves something counts for more than one that proves nothing.
  return verdicts.includes('FAIL') ? 1 : verdicts.includes('INVALID') ? 2 : 0

  async function runOnce(number: number): Promise<Judgement> {
    // Its log is complete when it has ended.
    if (!stack) return conclude(number, await withEmbedded(experiment, playOn))
    const target = await openStack(name, experiment, stack)
    // Only then is it put back, which may fail: the run is kept all the same.
    return playOn(target)
      .then((played) => conclude(number, played))
      .finally(target.stop)
  }

  async function playOn(target: Target) {
    return { target, run: await play(experiment, target, load === 'k6' ? startK6Load : startOwnLoad, stop) }
  }

  function conclude(number: number, { run, target }: { run: Run; target: Target }): Judgement {
    run.logged = target.log?.refusals.length
    const judgement = judge(run, experiment, slo)
    const predictions = guesses ? besideMeasured(experiment, guesses, run, slo) : []
    const about = { name, experiment, slo, target, predictions, run: { number, of: runs }, again: again(options) }
    const journal = journalOf(run, judgement, about)
    say(`\n${conclusion(journal)}\n`)
    const { folder: kept, remark } = writeRun(folder, journal)
    if (remark) say(wrap(remark))
    // In the stack the folder is copied out of the container, and make says where to.
    if (!stack?.socket) say(`Kept in ${relative(process.cwd(), kept)}`)
    return judgement
  }
}

async function sweep(): Promise<void> {
  const swept = await sweepFolders()
  if (swept > 0) say(`Cleared away what ${swept} killed ${swept === 1 ? 'run' : 'runs'} had left.`)
}

function introduce(experiment: Experiment, runs: number): void {
  say(wrap(experiment.question))
  const times = runs > 1 ? `${runs} times ` : ''
  say(wrap(`This takes ${times}${Math.round(lengthOf(experiment))} s; Ctrl-C ends it at any time.`))
}

/** Asked before anything is seen; never without a terminal, where nobody could answer. */
async function guessesFor({ predictions }: Experiment, options: ExperimentOptions): Promise<Guesses | undefined> {
  if (options.guesses !== undefined) return readGuesses(options.guesses, predictions)
  if (!options.predict) return undefined
  if (process.stdin.isTTY && process.stdout.isTTY) return askGuesses(predictions, options.stop)
  say('There is no terminal to ask for predictions in: give them in a file, with --guesses FILE.')
  return undefined
}

function again({ name, seconds, factor, stack }: ExperimentOptions): string {
  if (name === 'demo' && seconds === undefined && factor === undefined) return 'make demo'
  return `make experiment NAME=${name}${stack ? '' : ' EMBEDDED=1'}${seconds === undefined ? '' : ` LENGTH=${seconds}`}`
}
