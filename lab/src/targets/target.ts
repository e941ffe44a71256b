import { closeSync, openSync, readSync } from 'node:fs'
import { askLab } from '../api-client.ts'
import type { AttackTarget, Tally } from '../attacks/attack.ts'
import { reasonOf, UserError } from '../errors.ts'
import type { FaultKind } from '../faults/all.ts'
import { databasePath, type FaultMoment, type Victim } from '../faults/fault.ts'
import { type Result, tallyOf } from '../load/figures.ts'
import { goodputOf } from '../load/goodput.ts'
import type { LoadPhase, LoadTarget } from '../load/load.ts'
import type { ApiLog } from './api-child.ts'

/** What /health said last, `none` without an answer; `busy`: share of the time of the API's thread in the last second. */
export type ApiState = { health: 'ok' | 'degraded' | 'read_only' | 'none'; busy: number | null }

/** The API of an experiment. */
export type Target = AttackTarget &
  Victim & {
    mode: 'embedded' | 'stack'
    metricsUrl: string
    journalMode: 'delete' | 'wal'
    /** Its log, where it can be read. */
    log?: ApiLog
    /** Resolves with the reason when the API ends by itself; never where that cannot be seen. */
    ended: Promise<string>
    /** Called when a phase begins; `trouble`: what it does to the API on purpose, apart from faults; `words`: what happens now. */
    entered?: (phase: LoadPhase & { name: string }, trouble: string | null, words: string) => void
    /** Called when the load is over; what it has left is read back then, and judged. */
    over?: () => void
    /** Called when a fault is injected, when a request from outside has felt it, and when it is over, with the moment of that. */
    faulted?: (kind: FaultKind, what: FaultMoment, at: number) => void
    /** Called several times in every second of an attack with the outcomes of its attempts since the last call. */
    attacked?: (attack: string, tally: Tally) => void
    /** Called several times in every second of a load with its results and its dropped requests since the last call. */
    loaded?: (results: Result[], dropped: number, api: ApiState) => void
  }

/** An API that runs already; the lab neither starts nor stops it. */
export type StackOptions = LoadTarget & {
  metricsUrl: string
  database: string
  server?: string
  /** The long-running lab's socket: its metrics page shows which phase is running. */
  socket?: string
}

/** The target of an experiment in the stack. Throws a UserError when its database file cannot be read. */
export function openStack(options: StackOptions): Target {
  const database = databasePath(options.database)
  return {
    ...options,
    mode: 'stack',
    database,
    addresses: [],
    journalMode: journalModeOf(database),
    ended: new Promise(() => {}),
  }
}

/** Tells the long-running lab what an experiment does. Only its dashboards need it: an experiment goes on without. */
export function reporting(
  experiment: string,
  mode: Target['mode'],
  socket?: string,
): Pick<Target, 'entered' | 'attacked' | 'loaded'> {
  if (!socket) return {}
  const report = (path: string, body: object) => {
    askLab(socket, 'POST', path, body).catch(() => {})
  }
  return {
    entered: ({ name, seconds }, trouble) => {
      // An API of the experiment's own is none that the dashboards watch.
      const known = mode === 'stack' && trouble ? { trouble } : {}
      report('/phase', { experiment, phase: name, for: `${Math.max(1, seconds)}s`, ...known })
    },
    attacked: (attack, tally) => report('/attempts', { attack, ...tally }),
    loaded: (results, dropped) => report('/load', { ...tallyOf(results, dropped), calls: goodputOf(results, dropped) }),
  }
}

/** Byte 18 of a database file is 2 in WAL mode. SQLite itself could not tell it while another process writes or holds a lock. */
function journalModeOf(database: string): 'delete' | 'wal' {
  try {
    const file = openSync(database, 'r')
    const header = Buffer.alloc(20)
    readSync(file, header)
    closeSync(file)
    return header[18] === 2 ? 'wal' : 'delete'
  } catch (error) {
    throw new UserError(
      `The database file ${database} cannot be read (${reasonOf(error)}). make recover ends a fault of the lab.`,
    )
  }
}
