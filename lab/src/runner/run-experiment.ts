import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { reasonOf } from '../errors.ts'
import { recoverLeftovers } from '../faults/rollback.ts'
import { quantile, sorted, type Verdict } from '../load/figures.ts'
import { startK6Load } from '../load/k6-load.ts'
import { startOwnLoad } from '../load/load.ts'
import { number } from '../report/html.ts'
import type { Journal } from '../runs/journal.ts'
import { loadSlo } from '../slo.ts'
import { reporting, type StackOptions, type Target } from '../targets/target.ts'
import { type Experiment, lengthOf, loadExperiment, needsOwnApi, needsOwnLoad, withLength } from './experiment.ts'
import { journalOf } from './journal-of.ts'
import { together } from './judge.ts'
import { play } from './play.ts'
import { capacityFor, playOn } from './play-own.ts'
import { guessesFor } from './predict.ts'
import { otherProblems } from './problems.ts'
import { conclusion, say, textTable, wrap } from './screen.ts'
import { tellPage } from './to-page.ts'
import { checkRunsFolder, writeRun } from './write-run.ts'

export type ExperimentOptions = {
  name: string
  /** The length of the whole; full length without. */
  seconds?: number
  runs?: number
  /** Asks for predictions first. */
  predict?: boolean
  /** Shows the seconds and nothing else: a lesson speaks for itself. */
  brief?: boolean
  /** A file of guesses. */
  guesses?: string
  /** An API that runs already; without one the lab starts its own. */
  stack?: StackOptions
  /** The file in which the long-running lab notes what happens. */
  record?: string
  /** What sends the load: k6 where there is a stack. */
  load?: 'own' | 'k6'
  /** The file of the goals, and the folder in which runs are kept. */
  slo: string
  folder: string
  stop: AbortSignal
  /** Is given each run, with its folder. */
  kept?: (journal: Journal, folder: string) => void
}

/** Plays an experiment `runs` times, prints the verdicts and returns the one of all together. */
export async function runExperiment(options: ExperimentOptions): Promise<Verdict> {
  const { name, runs = 1, load = options.stack ? 'k6' : 'own', folder, record, stop } = options
  const slo = loadSlo(options.slo)
  const full = await loadExperiment(name, slo)
  const experiment = withLength(full, options.seconds)
  const stack = needsOwnApi(experiment) ? undefined : options.stack
  // In the lab's container there is no memory for k6 beside an API.
  const isK6s = load === 'k6' && stack === options.stack && !needsOwnLoad(experiment)
  const startLoad = isK6s ? startK6Load : startOwnLoad
  checkRunsFolder(folder)
  // What a killed fault has left.
  const recovered = stack && (await recoverLeftovers(stack.database))
  if (recovered) say(recovered)
  if (!options.brief) introduce(experiment, { ...options, load })
  // Before the hypothesis, which gives the answers away.
  const guesses = await guessesFor(experiment.predictions, options)
  if (!options.brief) say(wrap(`Hypothesis: ${experiment.hypothesis}`))

  const journals: ReturnType<typeof journalOf>[] = []
  for (let number = 1; number <= runs; number++) {
    if (runs > 1) say(`\nRun ${number} of ${runs}`)
    const capacity = await capacityFor(experiment, lengthOf(experiment) / lengthOf(full), stop)
    const played = withLength(await loadExperiment(name, slo, capacity?.perSecond), options.seconds)
    const playIt = (target: Target) => {
      const reported = { ...target, ...tellPage(), ...reporting(name, target.mode, options.stack?.socket) }
      // Another seed for each repetition, or the spread of the results would hide that arrivals are random.
      return play(played, reported, startLoad, stop, number)
    }
    const { run, target } = await playOn(stack ?? played, capacity, stop, playIt)
    // A lab without its record is still a lab.
    if (stack && record && existsSync(record))
      try {
        run.problems.push(...otherProblems(run, record))
      } catch (error) {
        say(`Whether another command disturbed this run is not known: ${record} cannot be read (${reasonOf(error)}).`)
      }
    run.logged = target.log?.refusals
    const about = { name, experiment: played, slo, target, guesses, run: { number, of: runs }, again: again(options) }
    const journal = journalOf(run, about)
    journals.push(journal)
    if (!options.brief) say(`\n${conclusion(journal)}\n`)
    const { folder: kept, remark } = writeRun(folder, journal, target.log?.kept)
    options.kept?.(journal, kept)
    if (remark) say(wrap(remark))
    // In the stack the folder is copied out of the container, and make says where to.
    if (!options.stack?.socket) say(`Kept in ${relative(process.cwd(), kept)}`)
  }
  if (runs > 1) say(`\n${repeatsTable(journals)}`)
  return together(journals)
}

function introduce(experiment: Experiment, { runs = 1, stack, load }: ExperimentOptions): void {
  say(wrap(experiment.question))
  const times = runs > 1 ? `${runs} times ` : ''
  say(wrap(`This takes ${times}${Math.round(lengthOf(experiment))} s; Ctrl-C ends it at any time.`))
  if (load === 'k6' && needsOwnLoad(experiment))
    say(
      wrap(
        "The lab's own generator makes the load: k6 knows no random arrivals, no clients with a policy, no rates that follow from a run, no phase under a second.",
      ),
    )
  if (stack && needsOwnApi(experiment))
    say(
      wrap(
        "It runs on an API of its own, which the lab starts for it: the stack's API serves none of its requests, and the dashboards show only what its clients measure.",
      ),
    )
}

function again({ name, seconds, stack }: ExperimentOptions): string {
  if (name === 'demo' && seconds === undefined) return 'make demo'
  return `make experiment NAME=${name}${stack ? '' : ' EMBEDDED=1'}${seconds === undefined ? '' : ` LENGTH=${seconds}`}`
}

/** What the runs of one experiment have in common: the median and spread of each expectation, and how often it was met. */
function repeatsTable(journals: Journal[]): string {
  const rows = (journals[0]?.expectations ?? []).map((one, i) => {
    const values = journals.map(({ expectations }) => expectations[i]?.value ?? Number.NaN)
    const met = journals.filter(({ expectations }) => expectations[i]?.met).length
    return [`${one.phase}: ${one.what}`, spread(values, one.unit), `${met} of ${journals.length}`]
  })
  return textTable([`${journals.length} runs`, 'median (from to)', 'met'], rows)
}

function spread(values: number[], unit: string): string {
  const known = sorted(values.filter((value) => !Number.isNaN(value)))
  if (known.length === 0) return 'never'
  const words = (share: number) => number(quantile(known, share))
  return `${words(0.5)} (${words(0)} to ${words(1)}) ${unit}`.trimEnd()
}
