import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type AttackName, needOwnApi } from '../attacks/all.ts'
import { UserError } from '../errors.ts'
import { type FaultKind, faults } from '../faults/all.ts'
import type { Capacity } from '../load/capacity.ts'
import type { LoadPhase } from '../load/load.ts'
import type { Manner } from '../load/open-loop.ts'
import type { JudgedExpectation } from '../runs/journal.ts'
import type { Goal, Slo } from '../slo.ts'
import type { MeasureName } from './measures.ts'
import { wrap } from './screen.ts'

/** A question to the API, and everything it takes to answer it. Seconds count from the beginning of the run. */
export type Experiment = Manner & {
  question: string
  hypothesis: string
  /** Settings of the API that differ from the default. */
  settings?: Record<string, string>
  /** Megabytes of a small file system for the database, so that it can be filled. */
  disk?: number
  /** A PostgreSQL server of its own in place of the file. */
  postgres?: true
  /**
   * What the API can do at most is measured first, on an API of its own, and given to the experiment's function: loads and
   * limits follow from it, so that the verdict does not depend on the speed of the machine.
   */
  capacity?: Capacity['of']
  /** Phases and faults are not named while it is played: the reader has to diagnose them. */
  unannounced?: true
  /** LENGTH does not make it shorter: in less time it would prove nothing. */
  neverShorter?: true
  /** One after another. The experiment's `arrivals` and `clients` hold for every phase without its own. */
  phases: Phase[]
  /** Faults that do not last exactly as long as a phase. */
  faults?: TimedFault[]
  expectations: Expectation[]
  /** Three to five questions to answer before the run; a measure answers each. */
  predictions: Prediction[]
  /** 1: where to begin; 3: for readers who know the others. `order`: the place in the list, in tens, so that one more fits between. */
  level: 1 | 2 | 3
  order: number
  /** Why it came out so, and the name of the experiment to try next; shown after the verdict. */
  learned: string
  next: string
}

export type Phase = LoadPhase & {
  name: string
  /**
   * A search for the highest rate at which the goal is met: it begins at `rate` and follows from the phases before it.
   * `confirm`: no further step, but safely below or above what the search has found.
   */
  search?: { goal: Goal; confirm?: 'below' | 'above' }
  /** A fault that is in force from the begin of the phase to its end. */
  fault?: FaultKind
  /** What an attacker does meanwhile, so many times a second. */
  attack?: { name: AttackName; perSecond: number }
  /** The load is more than the API can be expected to take: an alarm meanwhile is right. */
  overload?: true
  /** The first answers of a process are slow: in a warm-up nothing is judged. */
  warmUp?: true
  /** At its end the lab reads what METRICS_EVENTS has kept. */
  readEvents?: true
  /** What happens now and what to look at, for a reader who sees it for the first time. */
  says?: string
}

export type TimedFault = { kind: FaultKind; at: number; for: number }

/** Of one phase, or without one of the whole run. */
export type Expectation = {
  measure: MeasureName
  phase?: string
  compare: JudgedExpectation['compare']
  limit: number
  why: string
  /** When it is missed the run proves nothing. */
  precondition?: true
}

/** `why`: explains the answer afterwards; without it the `why` of the expectation with the same measure does. */
export type Prediction = { question: string; measure: MeasureName; phase?: string; why?: string }

const source = join(import.meta.dirname, '..')

type DataFolder = 'experiments' | 'tradeoffs' | 'lessons'

/** The names of the files in a folder of data. */
export function namesIn(folder: DataFolder): string[] {
  const files = readdirSync(join(source, folder)).filter((file) => file.endsWith('.ts'))
  return files.map((file) => basename(file, '.ts')).sort()
}

export function importFrom(folder: DataFolder, name: string) {
  return import(pathToFileURL(join(source, folder, `${name}.ts`)).href)
}

export const experimentNames = () => namesIn('experiments')

/** Loads files of data and returns them in the order in which to meet them. */
export async function inOrder<Data extends { order: number }>(names: string[], load: (name: string) => Promise<Data>) {
  const all = await Promise.all(names.map(async (name) => ({ name, ...(await load(name)) })))
  return all.sort((a, b) => a.order - b.order)
}

export const allExperiments = (slo: Slo) => inOrder(experimentNames(), (name) => loadExperiment(name, slo))

/**
 * `perSecond`: the measured capacity, of an experiment that asks for it; without it usual figures show its shape. Throws a
 * UserError that lists the names, in their order, when there is no such experiment.
 */
export async function loadExperiment(name: string, slo: Slo, perSecond?: number): Promise<Experiment> {
  if (!experimentNames().includes(name)) {
    const names = (await allExperiments(slo)).map((one) => one.name)
    throw new UserError(wrap(`${name || 'No name'}: the experiments are ${names.join(', ')}.`))
  }
  const file: { experiment: (slo: Slo, perSecond?: number) => Experiment } = await importFrom('experiments', name)
  const { arrivals, clients, ...found } = file.experiment(slo, perSecond)
  return { ...found, phases: found.phases.map((phase) => ({ arrivals, clients, ...phase })) }
}

/** The faults of all phases and the faults with times of their own, in order. */
export function faultsOf(experiment: Experiment): TimedFault[] {
  const ofPhases = plannedPhases(experiment).flatMap(({ plan: { fault }, from_s, to_s }) =>
    fault === undefined ? [] : [{ kind: fault, at: from_s, for: milli(to_s - from_s) }],
  )
  return [...ofPhases, ...(experiment.faults ?? [])].sort((a, b) => a.at - b.at)
}

/** Whether an experiment needs more than a running API offers: then the lab starts one for it. */
export function needsOwnApi(experiment: Experiment): boolean {
  const { settings, disk, postgres, capacity, phases } = experiment
  return (
    [settings, disk, postgres, capacity].some((one) => one !== undefined) ||
    faultsOf(experiment).some(({ kind }) => faults[kind].needs) ||
    phases.some(({ attack }) => attack && needOwnApi.has(attack.name))
  )
}

/** Whether k6 cannot play it: it knows no random arrivals, no clients with a policy, no rates that follow from a run, no phase under a second. */
export function needsOwnLoad({ phases }: Pick<Experiment, 'phases'>): boolean {
  return phases.some(
    ({ arrivals = 'even', clients, search, seconds }) => arrivals !== 'even' || clients || search || seconds < 1,
  )
}

type Timeline = Pick<Experiment, 'phases' | 'faults' | 'neverShorter'>

export function lengthOf({ phases }: Timeline): number {
  return phases.reduce((sum, { seconds }) => sum + seconds, 0)
}

/** How many seconds it takes when so many are asked for. */
export function lengthAsked(full: Timeline, seconds = lengthOf(full)): number {
  return full.neverShorter ? Math.max(seconds, lengthOf(full)) : seconds
}

/** The same in so many seconds; full length without. */
export function withLength<Played extends Timeline>(full: Played, seconds?: number): Played {
  return scale(full, lengthAsked(full, seconds) / lengthOf(full))
}

/** Its phases with the seconds at which they are to begin and to end. */
export function plannedPhases({ phases }: Timeline): { plan: Phase; from_s: number; to_s: number }[] {
  let to_s = 0
  return phases.map((plan) => {
    const from_s = to_s
    to_s = milli(from_s + plan.seconds)
    return { plan, from_s, to_s }
  })
}

function milli(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}

/** The same experiment in less or more time: every length is multiplied by the factor. */
export function scale<Played extends Timeline>(experiment: Played, factor: number): Played {
  const scaled = (seconds: number) => milli(seconds * factor)
  return {
    ...experiment,
    // By their ends, or rounding would part a fault from its phase.
    phases: plannedPhases(experiment).map(({ plan, from_s, to_s }) => ({
      ...plan,
      seconds: milli(scaled(to_s) - scaled(from_s)),
    })),
    faults: experiment.faults?.map((fault) => ({ ...fault, at: scaled(fault.at), for: scaled(fault.for) })),
  }
}
