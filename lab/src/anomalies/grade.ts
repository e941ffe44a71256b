import type { MetricsEvent } from '../runs/journal.ts'

/** One fault as the seconds are labelled; `to` is the first second after it. */
export type FaultWindow = { kind: string; from: number; to: number }

/** The seconds of one run, and whether each was alarmed. */
export type Alarmed = { events: MetricsEvent[]; alarms: boolean[] }

/** A share is null when there is nothing it could be a share of. */
export type Grade = {
  /** Seconds from a fault's first second to the end of the first one with an alarm, when it can be known at the earliest. */
  faults: { kind: string; delay_s: number | null }[]
  /** Faults noticed. */
  recall: number | null
  /** Faults noticed among all alarms. */
  precision: number | null
  mean_delay_s: number | null
  /** Share of the faults' seconds that were alarmed. */
  held: number | null
  /** Alarms that no fault explains; seconds in a row are one alarm. */
  false_alarms: number
  /** Seconds without a fault, its edges and the warm-up. */
  quiet_s: number
  false_alarms_per_hour: number | null
}

/** After a fault connections are renewed and caches filled: the recovery is part of the outage, not a false alarm. */
export const graceS = 10
// A fault injected late in a second may be labelled from the next one on.
const edgeS = 1

/** The faults that the seconds are labelled with. */
export function faultWindows(events: MetricsEvent[]): FaultWindow[] {
  const windows: FaultWindow[] = []
  for (const { second, fault } of events) {
    if (!fault) continue
    const last = windows.at(-1)
    if (last?.kind === fault && last.to === second) last.to++
    else windows.push({ kind: fault, from: second, to: second + 1 })
  }
  return windows
}

/** Compares alarms with the faults that were really there. `warmUp`: seconds at the start that cannot be scored. */
export function grade(runs: Alarmed[], warmUp: number): Grade {
  const counts = runs.map((run) => count(run, warmUp))
  const faults = counts.flatMap((one) => one.faults)
  const delays = faults.flatMap(({ delay_s }) => delay_s ?? [])
  const false_alarms = sum(counts.map((one) => one.false_alarms))
  const quiet_s = sum(counts.map((one) => one.quiet_s))
  return {
    faults,
    recall: ratio(delays.length, faults.length),
    precision: ratio(delays.length, delays.length + false_alarms),
    mean_delay_s: ratio(sum(delays), delays.length),
    held: ratio(sum(counts.map((one) => one.alarmed_s)), sum(counts.map((one) => one.fault_s))),
    false_alarms,
    quiet_s,
    false_alarms_per_hour: ratio(false_alarms * 3600, quiet_s),
  }
}

function count({ events, alarms }: Alarmed, warmUp: number) {
  const windows = faultWindows(events)
  const alarmed = events.filter((_, i) => alarms[i]).map(({ second }) => second)
  const isQuiet = (second: number) => windows.every(({ from, to }) => second < from - edgeS || second >= to + graceS)
  const wrong = alarmed.filter(isQuiet)
  // An alarm that rang before the fault has not found it.
  const starts = alarmed.filter((second, i) => alarmed[i - 1] !== second - 1)
  return {
    faults: windows.map(({ kind, from, to }) => {
      const first = starts.find((second) => second >= from - edgeS && second < to)
      return { kind, delay_s: first === undefined ? null : Math.max(first, from) - from + 1 }
    }),
    fault_s: events.filter(({ fault }) => fault).length,
    alarmed_s: events.filter(({ fault }, i) => fault && alarms[i]).length,
    quiet_s: events.slice(warmUp).filter(({ second }) => isQuiet(second)).length,
    false_alarms: wrong.filter((second, i) => wrong[i - 1] !== second - 1).length,
  }
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}
