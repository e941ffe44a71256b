import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AttackName } from '../attacks/all.ts'
import { UserError } from '../errors.ts'
import type { FaultKind } from '../faults/fault.ts'
import type { JudgedExpectation } from '../runs/journal.ts'
import type { Slo } from '../slo.ts'
import type { MeasureName } from './measures.ts'

/** A question to the API, and everything it takes to answer it. Seconds count from the beginning of the run. */
export type Experiment = {
  question: string
  hypothesis: string
  /** Settings of the API other than the usual ones. */
  settings?: Record<string, string>
  /** Megabytes of a file system of its own for the database, so that it can be filled. */
  disk?: number
  /** One after another. */
  phases: Phase[]
  faults?: TimedFault[]
  expectations: Expectation[]
  /** Three to five questions to think about first; a measure answers each. */
  predictions: Prediction[]
  /** 1: where to begin; 3: for those who know the others. `order`: the place among all experiments. */
  level?: 1 | 2 | 3
  order?: number
  /** Why it came out so, and the name of the experiment to try next; said after the verdict. */
  learned?: string
  next?: string
}

export type Phase = {
  name: string
  /** Data requests per second, and logins per second beside them. */
  rate: number
  logins?: number
  seconds: number
  /** What somebody with bad intentions does meanwhile, so many times a second. */
  attack?: { name: AttackName; perSecond: number }
  /** The load is more than the API can be expected to take: an alarm meanwhile is right. */
  overload?: true
  /** The first answers of a process are slow: in a warm-up nothing is judged. */
  warmUp?: true
  /** What happens now and what to look at, for somebody who sees it for the first time. */
  says?: string
}

/** `crash` is kill -9 of the API, which is down for so long and then started again. */
export type TimedFault = {
  kind: FaultKind | 'crash'
  at: number
  for: number
  /** Which request shows that it landed and that it is over; without it a read. */
  feltBy?: 'write'
}

/** Of one phase, or without one of the whole run. */
export type Expectation = {
  measure: MeasureName
  phase?: string
  compare: JudgedExpectation['compare']
  limit: number
  why: string
}

/** `why`: explains the answer afterwards; without it the `why` of the expectation with the same measure does. */
export type Prediction = { question: string; measure: MeasureName; phase?: string; why?: string }

const folder = join(import.meta.dirname, '..', 'experiments')

/** The names of all experiments: the files of the folder. */
export function experimentNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort()
}

/** A UserError that lists the names when there is no such experiment. */
export function checkName(name: string): void {
  const names = experimentNames()
  if (!names.includes(name)) throw new UserError(`${name || 'No name'}: the experiments are ${names.join(', ')}.`)
}

export async function loadExperiment(name: string, slo: Slo): Promise<Experiment> {
  checkName(name)
  const file: { experiment: (slo: Slo) => Experiment } = await import(join(folder, `${name}.ts`))
  return file.experiment(slo)
}

export function lengthOf({ phases }: Experiment): number {
  return phases.reduce((sum, { seconds }) => sum + seconds, 0)
}

/** Its phases with the seconds at which they are to begin and to end. */
export function plannedPhases({ phases }: Experiment): { plan: Phase; from_s: number; to_s: number }[] {
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

/** The same experiment in less or more time: everything that has a length is scaled alike. */
export function scale(experiment: Experiment, factor: number): Experiment {
  const scaled = (seconds: number) => milli(seconds * factor)
  return {
    ...experiment,
    // By their ends, or what is rounded would part a fault from its phase.
    phases: plannedPhases(experiment).map(({ plan, from_s, to_s }) => ({
      ...plan,
      seconds: milli(scaled(to_s) - scaled(from_s)),
    })),
    faults: experiment.faults?.map((fault) => ({ ...fault, at: scaled(fault.at), for: scaled(fault.for) })),
  }
}
