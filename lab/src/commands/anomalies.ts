import { detect } from '../anomalies/detect.ts'
import {
  detectors,
  type Grade,
  graceS,
  gradeDetectors,
  isLabelled,
  sweep,
  sweptDetectors,
  thresholds,
  troublesIn,
  windows,
} from '../anomalies/grade.ts'
import { defaults, type Tuning } from '../anomalies/series.ts'
import { number, percent } from '../report/html.ts'
import { textTable, wrap } from '../runner/screen.ts'
import { type Recorded, readEvents } from '../runs/find-run.ts'

/** The graded tables for a run, a .jsonl file or a folder of them; without a name for the newest run. */
export function anomalies(runsFolder: string, name?: string): string {
  const recorded = readEvents(runsFolder, name)
  const runs = recorded.map(({ events }) => events)
  const parts = [recorded.map(headline).join('\n')]
  if (runs.some((events) => events.some(isLabelled))) {
    parts.push(graded(runs, 'mean'), graded(runs, 'median'), explanation, alarms(recorded))
    parts.push('Other thresholds and windows:', ...sweepTables(runs))
  } else parts.push('No second is labelled with a fault or its absence, so nothing can be graded.', alarms(recorded))
  return parts.join('\n\n')
}

function headline({ name, events }: Recorded): string {
  const troubles = troublesIn(events).map(({ kind, from, to }) => `${kind} at ${from} s for ${to - from} s`)
  return wrap(`${name}: ${events.length} s, ${troubles.join(', ') || 'no trouble on purpose'}`)
}

function graded(runs: Recorded['events'][], method: Tuning['method']): string {
  const rows = gradeDetectors(runs, { ...defaults, method }).map(({ name, grade }) => [name, ...cells(grade)])
  const title = method === 'mean' ? 'z-score' : 'robust'
  return textTable([title, 'found', 'precision', 'delay', 'held', 'false', 'per hour'], rows)
}

function cells({ troubles, precision, mean_delay_s, held, false_alarms, false_alarms_per_hour }: Grade): string[] {
  const noticed = troubles.filter(({ delay_s }) => delay_s !== null).length
  return [
    troubles.length > 0 ? `${noticed} of ${troubles.length}` : '–',
    percent(precision),
    seconds(mean_delay_s),
    percent(held),
    String(false_alarms),
    number(false_alarms_per_hour),
  ]
}

const explanation = `found: troubles in which an alarm began.
precision: troubles found among all alarms.
delay: mean time until the end of the first alarmed second.
held: share of the troubled seconds that were alarmed.
false: alarms outside of the trouble and the ${graceS} s after it.`

const mostAlarms = 20

/** When the combination raised an alarm, and which series did with it. */
function alarms(recorded: Recorded[]): string {
  const lines = recorded.flatMap(({ name, events }) => {
    const found = detect(events)
    const starts = events.flatMap(({ second }, i) =>
      found.combined[i] && !found.combined[i - 1] ? [{ second, i }] : [],
    )
    return starts.map(({ second, i }) => {
      const alarmed = detectors(found)
        .slice(2)
        .filter((one) => one.alarms[i])
      return wrap(`${name}, second ${second}: ${alarmed.map((one) => one.name).join(', ')}`, '  ')
    })
  })
  if (lines.length === 0) return 'The combination raised no alarm.'
  const rest = lines.length > mostAlarms ? [`  ... and ${lines.length - mostAlarms} more`] : []
  return ['Alarms of the combination:', ...lines.slice(0, mostAlarms), ...rest].join('\n')
}

/** For each detector: thresholds down, windows across. */
function sweepTables(runs: Recorded['events'][]): string[] {
  const points = sweep(runs)
  const over = ['window', ...windows.flatMap((window) => ['', `${window} s`, ''])]
  const heads = ['above', ...windows.flatMap(() => ['found', 'delay', 'false/h'])]
  return sweptDetectors.map((detector) => {
    const rows = thresholds.map((threshold) => [
      String(threshold),
      ...points
        .filter((one) => one.detector === detector && one.threshold === threshold)
        .flatMap((one) => [percent(one.recall), seconds(one.mean_delay_s), number(one.false_alarms_per_hour)]),
    ])
    return `${detector}\n${textTable(over, [heads, ...rows])}`
  })
}

function seconds(value: number | null): string {
  return value === null ? '–' : `${number(value)} s`
}
