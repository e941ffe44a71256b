import type { FaultKind } from '../faults/fault.ts'
import type { Slo } from '../slo.ts'

export type Phase = {
  name: string
  kind: 'warm-up' | 'load' | 'outage' | 'recovery'
  /** Requests per second. */
  rate: number
  seconds: number
  goal?: 'baseline' | 'peak'
  fault?: FaultKind
  /** What happens now and what to look at, for somebody who sees it for the first time. */
  says: string
}

/** The story of the demo. `seconds` is the length of a load phase (15 in the full demo); the others shrink with it. */
export function plan({ goals }: Slo, seconds: number): Phase[] {
  const scaled = (full: number, least: number) => Math.max(least, Math.round((full * seconds * 10) / 15) / 10)
  const base = goals.baseline.rate
  const outage = scaled(8, 1)
  const rest = scaled(4, 1)
  const warmUp = scaled(3, 1)
  return [
    {
      name: 'warm-up',
      kind: 'warm-up',
      rate: base,
      seconds: warmUp,
      says: `Warm-up, ${warmUp} s. The API has just started and its first answers are slow: nothing is judged yet.`,
    },
    {
      name: 'baseline',
      kind: 'load',
      rate: base,
      seconds,
      goal: 'baseline',
      says: `Baseline, ${seconds} s: ${base} requests a second, 70 % read a note, 15 % list, 15 % write. Look at p95: 95 of 100 answers were faster than that.`,
    },
    {
      name: 'peak',
      kind: 'load',
      rate: goals.peak.rate,
      seconds,
      goal: 'peak',
      says: `Peak, ${seconds} s: ${goals.peak.rate} requests a second. Look whether p95 climbs with the rate.`,
    },
    {
      name: 'chmod',
      kind: 'outage',
      rate: base,
      seconds: outage,
      fault: 'chmod',
      says: `First outage, ${outage} s: the database file loses all its permissions. Look: every data request is refused with 503, at once (p95 stays small), and /health says degraded.`,
    },
    {
      name: 'recovery',
      kind: 'recovery',
      rate: base,
      seconds: rest,
      says: 'The permissions are back. Look how soon the errors end, without a restart.',
    },
    {
      name: 'lock',
      kind: 'outage',
      rate: base,
      seconds: outage,
      fault: 'lock',
      says: `Second outage, ${outage} s: another process locks the database for itself. Look: 503 again instead of requests that wait, and /health still answers.`,
    },
    {
      name: 'recovery',
      kind: 'recovery',
      rate: base,
      seconds: rest,
      says: 'The lock is free again. Look how soon the errors end.',
    },
  ]
}
