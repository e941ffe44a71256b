import { detect, type Method, usual } from '../anomalies/detect.ts'
import { detectors, gradeVoices } from '../anomalies/detectors.ts'
import { faultWindows, type Grade, graceS } from '../anomalies/grade.ts'
import { sweep, sweptVoices, thresholds, windows } from '../anomalies/sweep.ts'
import { number, percent } from '../report/numbers.ts'
import { type Recorded, readEvents } from '../runs/read-events.ts'
import { textTable } from './text-table.ts'

/** The graded tables for a run, a .jsonl file or a folder of them; without a name for the newest run. */
export function anomalies(runsFolder: string, name?: string): string {
  const recorded = readEvents(runsFolder, name)
  const runs = recorded.map(({ events }) => events)
  const labelled = runs.some((events) => events.some(({ fault }) => fault !== undefined))
  const parts = [recorded.map(headline).join('\n')]
  if (!labelled)
    parts.push('No second is labelled with a fault or its absence, so nothing can be graded.', alarms(recorded))
  else {
    parts.push(`${graded(runs, 'mean')}\n\n${graded(runs, 'median')}`, explanation, alarms(recorded))
    parts.push(`Other thresholds and windows:\n\n${sweepTables(runs)}`)
  }
  return parts.join('\n\n')
}

function headline({ name, events }: Recorded): string {
  const faults = faultWindows(events).map(({ kind, from, to }) => `${kind} at ${from} s for ${to - from} s`)
  return `${name}: ${events.length} s, ${faults.join(', ') || 'no fault'}`
}

const titles: Record<Method, string> = { mean: 'z-score', median: 'robust' }

function graded(runs: Recorded['events'][], method: Method): string {
  const rows = gradeVoices(runs, { ...usual, method }).map(({ name, grade }) => [name, ...cells(grade)])
  return textTable([[titles[method], 'found', 'precision', 'delay', 'held', 'false', 'per hour'], ...rows])
}

function cells({ faults, precision, mean_delay_s, held, false_alarms, false_alarms_per_hour }: Grade): string[] {
  const noticed = faults.filter(({ delay_s }) => delay_s !== null).length
  return [
    faults.length > 0 ? `${noticed} of ${faults.length}` : '–',
    percent(precision),
    seconds(mean_delay_s),
    percent(held),
    String(false_alarms),
    number(false_alarms_per_hour),
  ]
}

const explanation = `found: faults in which an alarm began. precision: faults found among all alarms.
delay: mean time until the end of the first alarmed second. held: share of the faults' seconds alarmed.
false: alarms outside of the faults and the ${graceS} s after each.`

const mostAlarms = 20

/** When the combination rang, and which series with it. */
function alarms(recorded: Recorded[]): string {
  const lines = recorded.flatMap(({ name, events }) => {
    const found = detect(events)
    const starts = events.flatMap((event, i) => (found.combined[i] && !found.combined[i - 1] ? [{ ...event, i }] : []))
    return starts.map(({ second, i }) => {
      const ringing = detectors(found)
        .slice(2)
        .filter((one) => one.alarms[i])
        .map((one) => one.name)
      return `  ${name}, second ${second}: ${ringing.join(', ')}`
    })
  })
  if (lines.length === 0) return 'The combination raised no alarm.'
  const rest = lines.length > mostAlarms ? [`  ... and ${lines.length - mostAlarms} more`] : []
  return ['Alarms of the combination:', ...lines.slice(0, mostAlarms), ...rest].join('\n')
}

/** For each detector: thresholds down, windows across. */
function sweepTables(runs: Recorded['events'][]): string {
  const points = sweep(runs)
  const row = (detector: string, threshold: number) =>
    points
      .filter((one) => one.detector === detector && one.threshold === threshold)
      .flatMap((one) => [percent(one.recall), seconds(one.mean_delay_s), number(one.false_alarms_per_hour)])
  const tables = sweptVoices.map((detector) =>
    textTable([
      [detector, ...windows.flatMap((window) => ['', `${window} s window`, ''])],
      ['threshold', ...windows.flatMap(() => ['found', 'delay', 'false/h'])],
      ...thresholds.map((threshold) => [String(threshold), ...row(detector, threshold)]),
    ]),
  )
  return tables.join('\n\n')
}

function seconds(value: number | null): string {
  return value === null ? '–' : `${number(value)} s`
}
