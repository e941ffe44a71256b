import type { MetricsEvent } from '../runner/journal.ts'
import { type Detection, detect, usual } from './detect.ts'
import { type Grade, grade } from './grade.ts'

export const thresholds = [2, 2.5, 3, 4, 5, 6, 8, 12]
export const windows = [10, 30, 60]

/** Who may raise the alarm. */
const voices: Record<string, (detection: Detection) => boolean[]> = {
  'p95 alone': ({ series }) => series.find(({ name }) => name === 'p95_ms')?.alarms ?? [],
  'any one series': ({ anySeries }) => anySeries,
  'the combination': ({ combined }) => combined,
}
export const voiceNames = Object.keys(voices)

export type SweepPoint = { voice: string; window: number; threshold: number } & Grade

/** What each threshold and each length of the baseline would have cost in delay and in false alarms. */
export function sweep(runs: MetricsEvent[][]): SweepPoint[] {
  const points: SweepPoint[] = []
  for (const window of windows) {
    for (const threshold of thresholds) {
      const detections = runs.map((events) => detect(events, { ...usual, window, threshold }))
      for (const [voice, alarmsOf] of Object.entries(voices)) {
        const alarmed = runs.map((events, i) => ({ events, alarms: alarmsOf(detections[i] as Detection) }))
        points.push({ voice, window, threshold, ...grade(alarmed, usual.warmUp) })
      }
    }
  }
  return points
}
