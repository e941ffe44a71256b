import type { Pool } from 'undici'
import type { AttackName } from '../attacks/all.ts'
import type { Attacker, Attempt } from '../attacks/attack.ts'
import type { RollbackResult } from '../faults/rollback.ts'
import type { Capacity } from '../load/capacity.ts'
import type { Load } from '../load/load.ts'
import type { Target } from '../targets/target.ts'
import type { Experiment, Phase, TimedFault } from './experiment.ts'
import type { MachineSample } from './machine.ts'
import type { MetricsReading } from './metrics-page.ts'
import type { startProbe } from './probe.ts'

/** `from_s`, `to_s`: when it was planned. `kept`: the seconds (since 1970) of which the API's own record knew at its end. */
export type PlayedPhase = { plan: Phase; from_s: number; to_s: number; start: number; end: number; kept?: Set<number> }

/** `landedAt`: when a request from outside first felt it; undefined when none did. */
export type PlayedFault = {
  plan: TimedFault
  did: string
  injectedAt: number
  landedAt?: number
  undone: RollbackResult
}

/** What an attacker tried in a phase; the last attempts may end when it is over. */
export type PlayedAttack = { phase: string; name: AttackName; attempts: Attempt[] }

type Loaded = Pick<Load, 'startedAt' | 'generator' | 'seed' | 'results' | 'dropped' | 'refused' | 'maxWaiting'>
type Probed = Pick<ReturnType<typeof startProbe>, 'health' | 'data'>

/** Everything measured; moments of clock.ts. */
export type Run = Loaded &
  Probed & {
    /** Add it to a moment of clock.ts to get milliseconds since 1970: at the beginning, and at the end. */
    wallOffset: number
    wallOffsetAtEnd: number
    /** Measured before the run; `after`: per second, measured again at its end, undefined where that failed. */
    capacity?: Capacity & { after?: number }
    phases: PlayedPhase[]
    faults: PlayedFault[]
    /** Why a fault could not be injected or an attack not be made, one sentence each. */
    problems: string[]
    attacks: PlayedAttack[]
    metrics: MetricsReading[]
    machine: MachineSample[]
    /** The ids of the requests that the log says were refused because the database was unavailable; undefined where it cannot be read. */
    logged?: Set<string>
    acknowledged: number
    /** Ids of acknowledged notes that could not be read back; undefined when the API could not be asked. */
    lost?: string[]
    /** How the API ended, if it did so by itself. */
    died?: string
  }

/** A run that is under way, and what it takes. */
export type Playing = {
  experiment: Experiment
  target: Target
  /** A user's token, and connections for what the lab itself asks. */
  token: string
  pool: Pool
  load: Load
  /** Those of the phases, prepared. */
  attacks: Map<Phase, Awaited<ReturnType<Attacker>>>
  run: Run
  signal: AbortSignal
}
