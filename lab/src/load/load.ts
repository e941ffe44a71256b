import type { Phase } from '../runner/experiment.ts'
import type { Target } from '../targets/target.ts'
import type { Result } from './open-loop.ts'

/** A load that runs: whoever makes it, this is what the runner needs of it. Moments are those of clock.ts. */
export type Load = {
  /** What made it, for the journal. */
  generator: string
  /** When its first phase began. */
  startedAt: number
  /** In order of completion. */
  results: Result[]
  /** When the arrivals were due that were never sent. */
  dropped: number[]
  /** Every note whose 201 arrived: id and title. */
  acknowledged: Map<string, string>
  /** How many requests were sent so far, where the generator knows before their answers come. */
  sent?: () => number
  /** What a reader of the results should know, one sentence each. Complete after `stop`. */
  remarks?: string[]
  /** A phase begins now. */
  enter: (phase: Phase) => void
  /** No more arrivals; what is under way gets its answer. */
  stop: () => Promise<void>
  /** No more of anything, at once. */
  abandon: () => Promise<void>
}

export type StartLoad = (target: Target, token: string, phases: Phase[]) => Promise<Load>
