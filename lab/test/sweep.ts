// What other thresholds and other lengths of the baseline would have done: the second table of docs/anomalies.md.

import { defaults } from '../src/anomalies/detect.ts'
import { gradeDetectors } from '../src/anomalies/grade.ts'
import { number, percent } from '../src/report/html.ts'
import { textTable } from '../src/runner/screen.ts'
import type { SecondRow } from '../src/runs/journal.ts'

const thresholds = [2, 4, 12]
const windows = [10, 30, 60]

export function sweep(runs: SecondRow[][]) {
  const settings = thresholds.flatMap((threshold) => windows.map((window) => ({ window, threshold })))
  return settings.flatMap((setting) =>
    gradeDetectors(runs, { ...defaults, ...setting }).map(({ name, grade }) => ({
      detector: name,
      ...setting,
      ...grade,
    })),
  )
}

/** For p95: thresholds down, windows across. */
export function sweepTable(runs: SecondRow[][]): string {
  const points = sweep(runs).filter(({ detector }) => detector === 'p95_ms')
  const over = ['window', ...windows.flatMap((window) => ['', `${window} s`, ''])]
  const heads = ['above', ...windows.flatMap(() => ['found', 'delay', 'false/h'])]
  const rows = thresholds.map((threshold) => [
    String(threshold),
    ...points
      .filter((one) => one.threshold === threshold)
      .flatMap(({ found, troubles, mean_delay_s, false_alarms_per_hour }) => [
        percent(found / troubles.length),
        mean_delay_s === null ? '–' : `${number(mean_delay_s)} s`,
        number(false_alarms_per_hour),
      ]),
  ])
  return textTable(over, [heads, ...rows])
}
