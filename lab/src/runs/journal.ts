import type { Figures } from '../load/figures.ts'
import type { Slo } from '../slo.ts'

/**
 * journal.json: everything of one run that is worth keeping, and nothing secret. Moments end in `_ms` and are milliseconds
 * since the run began; `started` ties them to the calendar. null: could not be measured.
 */
export type Journal = {
  schema: 2
  experiment: string
  question: string
  hypothesis: string
  mode: 'stack' | 'embedded'
  started: string
  /** This run among its repeats, from 1. */
  run: { number: number; of: number }
  environment: {
    node: string
    platform: string
    cpus: { count: number; model: string }
    memory_bytes: number
    journal_mode: 'delete' | 'wal'
    load_generator: string
  }
  slo: Slo
  planned: { phases: { name: string; rate: number; from_s: number; to_s: number }[]; faults: PlannedFault[] }
  happened: { phases: HappenedPhase[]; faults: HappenedFault[] }
  /**
   * What attackers did beside the load, and how they were answered; status 0: not at all. `guesses`: how many were made
   * offline, of which an attempt is a batch, and 200 means that one was right.
   */
  attacks?: { phase: string; name: string; attempts: number; statuses: Record<string, number>; guesses?: number }[]
  /** The rows of metrics_events.jsonl. */
  seconds: MetricsEvent[]
  expectations: JudgedExpectation[]
  verdict: 'PASS' | 'FAIL' | 'INVALID'
  /** Why it is not PASS, one sentence each. */
  reasons: string[]
  predictions: { question: string; unit: string; guess: string; measured: string }[]
  notes: { acknowledged: number; lost: string[] | null }
  /** How to run it again, as typed. */
  again: string
}

/** `figures`: those by which the phase was judged; older runs have none. */
export type HappenedPhase = {
  name: string
  rate: number
  start_ms: number
  end_ms: number
  figures?: Figures & { rate: number }
}

export type PlannedFault = { kind: string; at_s: number; for_s: number }

/** `landed_ms` null: no request from outside ever felt it; `intact`: in force until it was undone. */
export type HappenedFault = {
  kind: string
  injected_ms: number
  landed_ms: number | null
  undone_ms: number
  intact: boolean
  did: string
  undone: string
  /** When /health first said degraded, and when a data request first succeeded again: from the injection, from the rollback. */
  detected_after_ms: number | null
  recovered_after_ms: number | null
}

/** `title` names the measure for a reader, `what` is the whole expectation in words. Older runs lack what may be absent. */
export type JudgedExpectation = {
  measure?: string
  phase: string
  title?: string
  what: string
  /** Why the limit is what it is. */
  why: string
  compare: '<' | '<=' | '=' | '>=' | '>'
  limit: number
  value: number | null
  unit: string
  /** What a reader should know beside the value, such as "2397 of 2397". */
  words?: string | null
  /** Value, unit and words. */
  measured: string
  met: boolean
}

/** One second as the client saw it (rate to statuses), as the server said (the rest), and what was being done to it. */
export type MetricsEvent = {
  /** Whole seconds since the run began, and the moment on the calendar. */
  second: number
  time: string
  /** The same as `sent`, which older runs lack. */
  rate: number
  /** Requests that were due in this second and sent. */
  sent?: number
  /** Answers that arrived in this second, whatever their status and whenever they were due. */
  answered?: number
  /** Everything but 2xx, the unanswered and the dropped included; null without requests. */
  error_ratio: number | null
  p50_ms: number | null
  p95_ms: number | null
  p99_ms: number | null
  statuses: Record<string, number>
  dropped: number
  /** By how much db_errors_total rose. */
  db_errors: number | null
  db_available: 0 | 1 | null
  degraded: 0 | 1 | null
  /** Mean delay of the API's 20 ms timer in this second. */
  event_loop_delay_ms: number | null
  server_rate: number | null
  server_p95_ms: number | null
  /** Memory of the API: the last reading of the second. Older runs have none. */
  memory_mb?: number | null
  /** Connections open at the API, in older runs. */
  open_connections?: number | null
  /** Statuses of the attacker's attempts that ended in this second, 0 for no answer; guesses at a secret made offline. */
  attempts?: Record<string, number>
  guesses?: number
  phase: string
  /** The kind of the fault in force, null without one. */
  fault: string | null
  /** Trouble that the experiment makes on purpose: the kind of the fault, "overload" or "attack". */
  trouble?: string | null
}
