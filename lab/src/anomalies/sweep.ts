import type { MetricsEvent } from '../runs/journal.ts'
import { usual } from './detect.ts'
import { gradeVoices } from './detectors.ts'
import type { Grade } from './grade.ts'

export const thresholds = [2, 2.5, 3, 4, 5, 6, 8, 12]
export const windows = [10, 30, 60]
export const sweptVoices = ['p95_ms', 'any one series', 'the combination']

export type SweepPoint = { detector: string; window: number; threshold: number } & Grade

/** What each threshold and each length of the baseline would have cost in delay and in false alarms. */
export function sweep(runs: MetricsEvent[][]): SweepPoint[] {
  return windows.flatMap((window) =>
    thresholds.flatMap((threshold) =>
      gradeVoices(runs, { ...usual, window, threshold })
        .filter(({ name }) => sweptVoices.includes(name))
        .map(({ name, grade }) => ({ detector: name, window, threshold, ...grade })),
    ),
  )
}
