import type { MetricsEvent } from '../runner/journal.ts'
import { type Detection, detect, usual } from './detect.ts'
import { type Grade, grade } from './grade.ts'

/** Whoever may raise an alarm: the combination, any one series, or one series. */
export type Voice = { name: string; alarms: boolean[] }
export type GradedVoice = { name: string; grade: Grade }

export function voices({ combined, anySeries, series }: Detection): Voice[] {
  return [{ name: 'the combination', alarms: combined }, { name: 'any one series', alarms: anySeries }, ...series]
}

/** How well each voice did on some runs, taken together. */
export function gradeVoices(runs: MetricsEvent[][], tuning = usual): GradedVoice[] {
  const heard = runs.map((events) => ({ events, voices: voices(detect(events, tuning)) }))
  return (heard[0]?.voices ?? []).map(({ name }, v) => ({
    name,
    grade: grade(
      heard.map(({ events, voices }) => ({ events, alarms: voices[v]?.alarms ?? [] })),
      tuning.warmUp,
    ),
  }))
}
