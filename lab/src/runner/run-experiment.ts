import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { quantile, sorted, type Verdict } from '../load/figures.ts'
import { startK6Load } from '../load/k6-load.ts'
import { startOwnLoad } from '../load/load.ts'
import { number } from '../report/html.ts'
import type { Journal } from '../runs/journal.ts'
import { loadSlo } from '../slo.ts'
import { openStack, reporting, type StackOptions, type Target } from '../targets/target.ts'
import { guessesFor, introduce, recoverEarlier } from './before-run.ts'
import {
  type Experiment,
  lengthAsked,
  lengthOf,
  loadExperiment,
  needsOwnApi,
  needsOwnLoad,
  scale,
} from './experiment.ts'
import { journalOf } from './journal-of.ts'
import { play } from './play.ts'
import { capacityFor, playOwn } from './play-own.ts'
import { otherProblems } from './problems.ts'
import type { Run } from './run.ts'
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
  const factor = lengthAsked(full, options.seconds) / lengthOf(full)
  const experiment = scale(full, factor)
  const stack = needsOwnApi(experiment) ? undefined : options.stack
  // In the lab's container there is no memory for k6 beside an API.
  const isK6s = load === 'k6' && stack === options.stack && !needsOwnLoad(experiment)
  const startLoad = isK6s ? startK6Load : startOwnLoad
  checkRunsFolder(folder)
  await recoverEarlier(stack)
  if (!options.brief) introduce(experiment, { ...options, load })
  // Before the hypothesis, which gives the answers away.
  const guesses = await guessesFor(experiment, options)
  if (!options.brief) say(wrap(`Hypothesis: ${experiment.hypothesis}`))

  const judged: ReturnType<typeof conclude>[] = []
  for (let number = 1; number <= runs; number++) {
    if (runs > 1) say(`\nRun ${number} of ${runs}`)
    const played = stack ? await playOnStack(number, openStack(stack)) : await playOnOwn(number)
    judged.push(conclude(number, played))
  }
  if (runs > 1) say(`\n${repeatsTable(judged)}`)
  return together(judged)

  async function playOnStack(number: number, target: Target) {
    const run = await playOn(number, target, experiment)
    if (record && existsSync(record)) run.problems.push(...otherProblems(run, record))
    return { experiment, target, run }
  }

  async function playOnOwn(number: number) {
    const capacity = await capacityFor(experiment, factor, stop)
    const own = capacity ? scale(await loadExperiment(name, slo, capacity.perSecond), factor) : experiment
    return { experiment: own, ...(await playOwn(own, capacity, stop, (target) => playOn(number, target, own))) }
  }

  function playOn(number: number, target: Target, experiment: Experiment) {
    const reported = { ...target, ...tellPage(), ...reporting(name, target.mode, options.stack?.socket) }
    // Another seed for each repetition, or the spread of the results would hide that arrivals are random.
    return play(experiment, reported, startLoad, stop, number)
  }

  function conclude(number: number, { run, target, experiment }: { run: Run; target: Target; experiment: Experiment }) {
    run.logged = target.log?.refusals
    const about = { name, experiment, slo, target, guesses, run: { number, of: runs }, again: again(options) }
    const journal = journalOf(run, about)
    if (!options.brief) say(`\n${conclusion(journal)}\n`)
    const { folder: kept, remark } = writeRun(folder, journal, target.log?.kept)
    options.kept?.(journal, kept)
    if (remark) say(wrap(remark))
    // In the stack the folder is copied out of the container, and make says where to.
    if (!options.stack?.socket) say(`Kept in ${relative(process.cwd(), kept)}`)
    return journal
  }
}

/** The verdict of several: a run that proves something counts for more than one that proves nothing. */
export function together(all: { verdict: Verdict | 'SKIPPED' }[]): Verdict {
  const verdicts = all.map(({ verdict }) => verdict)
  return verdicts.includes('FAIL') ? 'FAIL' : verdicts.includes('INVALID') ? 'INVALID' : 'PASS'
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
