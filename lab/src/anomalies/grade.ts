import type { SecondRow } from '../runs/journal.ts'
import { type Detection, defaults, detect } from './detect.ts'

/** Trouble that the experiment caused on purpose, as the seconds are labelled; `to` is the first second after it. */
type Trouble = { kind: string; from: number; to: number }

/** The seconds of one run, and whether each was alarmed. */
type Alarmed = { events: SecondRow[]; alarms: boolean[] }

/** A share is null when there is nothing it could be a share of. */
type Grade = {
  /** Seconds from the first second of a trouble to the end of the first one with an alarm; null: not noticed. */
  troubles: { kind: string; delay_s: number | null }[]
  /** Troubles noticed. */
  found: number
  /** Troubles noticed among all alarms. */
  precision: number | null
  mean_delay_s: number | null
  /** Share of the troubled seconds that were alarmed. */
  coverage: number | null
  /** Alarms that no trouble explains; seconds in a row are one alarm. */
  false_alarms: number
  /** Seconds without trouble, its edges and the warm-up. */
  quiet_s: number
  false_alarms_per_hour: number | null
}

/** After a trouble connections are renewed and caches filled: the recovery is part of it, not a false alarm. */
export const graceS = 10
// What is injected late in a second may be labelled from the next one on.
const edgeS = 1

/** Returns what a second was troubled by. Older runs name their faults only. */
const troubleIn = ({ trouble, fault }: SecondRow) => trouble ?? fault

export function troublesIn(events: SecondRow[]): Trouble[] {
  const found: Trouble[] = []
  for (const event of events) {
    const kind = troubleIn(event)
    if (!kind) continue
    const last = found.at(-1)
    if (last?.kind === kind && last.to === event.second) last.to++
    else found.push({ kind, from: event.second, to: event.second + 1 })
  }
  return found
}

/** Compares alarms with the trouble that was really there. `warmUp`: seconds at the start that cannot be scored. */
export function grade(runs: Alarmed[], warmUp: number): Grade {
  const counts = runs.map((run) => count(run, warmUp))
  const troubles = counts.flatMap((one) => one.troubles)
  const delays = troubles.flatMap(({ delay_s }) => delay_s ?? [])
  const false_alarms = sum(counts.map((one) => one.false_alarms))
  const quiet_s = sum(counts.map((one) => one.quiet_s))
  return {
    troubles,
    found: delays.length,
    precision: ratio(delays.length, delays.length + false_alarms),
    mean_delay_s: ratio(sum(delays), delays.length),
    coverage: ratio(sum(counts.map((one) => one.alarmed_s)), sum(counts.map((one) => one.trouble_s))),
    false_alarms,
    quiet_s,
    false_alarms_per_hour: ratio(false_alarms * 3600, quiet_s),
  }
}

function count({ events, alarms }: Alarmed, warmUp: number) {
  const windows = troublesIn(events)
  const alarmed = events.filter((_, i) => alarms[i]).map(({ second }) => second)
  const isQuiet = (second: number) => windows.every(({ from, to }) => second < from - edgeS || second >= to + graceS)
  const wrong = alarmed.filter(isQuiet)
  // An alarm that began before the trouble has not found it.
  const starts = alarmed.filter((second, i) => alarmed[i - 1] !== second - 1)
  const troubled = events.flatMap((event, i) => (troubleIn(event) ? [alarms[i]] : []))
  return {
    troubles: windows.map(({ kind, from, to }) => {
      const first = starts.find((second) => second >= from - edgeS && second < to)
      return { kind, delay_s: first === undefined ? null : Math.max(first, from) - from + 1 }
    }),
    trouble_s: troubled.length,
    alarmed_s: troubled.filter(Boolean).length,
    quiet_s: events.slice(warmUp).filter(({ second }) => isQuiet(second)).length,
    false_alarms: wrong.filter((second, i) => wrong[i - 1] !== second - 1).length,
  }
}

/** How well each detector did on some runs, taken together: the combination, any one series, each series by itself. */
export function gradeDetectors(runs: SecondRow[][], tuning = defaults): { name: string; grade: Grade }[] {
  const found = runs.map((events) => ({ events, detectors: detectors(detect(events, tuning)) }))
  return (found[0]?.detectors ?? []).map(({ name }, d) => {
    const alarmed = found.map(({ events, detectors }) => ({ events, alarms: detectors[d]?.alarms ?? [] }))
    return { name, grade: grade(alarmed, tuning.warmUp) }
  })
}

function detectors({ combined, anySeries, series }: Detection): { name: string; alarms: boolean[] }[] {
  return [{ name: 'the combination', alarms: combined }, { name: 'any one series', alarms: anySeries }, ...series]
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}
