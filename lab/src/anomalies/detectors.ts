import type { MetricsEvent } from '../runs/journal.ts'
import { type Detection, detect, usual } from './detect.ts'
import { type Grade, grade } from './grade.ts'

/** Whoever may raise an alarm: the combination, any one series, or one series. */
export type Detector = { name: string; alarms: boolean[] }
export type GradedVoice = { name: string; grade: Grade }

export function detectors({ combined, anySeries, series }: Detection): Detector[] {
  return [{ name: 'the combination', alarms: combined }, { name: 'any one series', alarms: anySeries }, ...series]
}

/** How well each detector did on some runs, taken together. */
export function gradeVoices(runs: MetricsEvent[][], tuning = usual): GradedVoice[] {
  const heard = runs.map((events) => ({ events, detectors: detectors(detect(events, tuning)) }))
  return (heard[0]?.detectors ?? []).map(({ name }, v) => ({
    name,
    grade: grade(
      heard.map(({ events, detectors }) => ({ events, alarms: detectors[v]?.alarms ?? [] })),
      tuning.warmUp,
    ),
  }))
}
