import type { Experiment } from '../runner/experiment.ts'
import { comesBack, meetsGoal, nothingLost, warmUp } from '../runner/presets.ts'
import type { Slo } from '../slo.ts'

export function experiment({ goals: { baseline }, outage }: Slo): Experiment {
  const { rate } = baseline
  const phase = 'full'
  return {
    question: 'What is left of the service when the disk is full?',
    hypothesis: 'Reads need no room and go on; every write is refused, and none that was acknowledged is lost.',
    disk: 32,
    phases: [
      warmUp(rate),
      { name: 'before', rate, seconds: 12 },
      { name: phase, rate, seconds: 25, says: 'A file takes all room on the disk. Look: only the writes fail.' },
      { name: 'after', rate, seconds: 15 },
    ],
    faults: [{ kind: 'fill', at: 15, for: 25, feltBy: 'write' }],
    expectations: [
      ...meetsGoal('before', baseline),
      { measure: 'reads_served', phase, compare: '=', limit: 100, why: 'a read needs no room' },
      { measure: 'writes_refused', phase, compare: '=', limit: 100, why: 'what cannot be kept must not be promised' },
      {
        measure: 'degraded_after',
        phase,
        compare: '<',
        limit: outage.degraded_within_ms,
        why: 'half of the service is gone, and /health must say so',
      },
      comesBack(phase, outage),
      nothingLost,
    ],
    predictions: [
      { question: 'Which share of the reads is served meanwhile?', measure: 'reads_served', phase },
      { question: 'Which share of the writes is refused meanwhile?', measure: 'writes_refused', phase },
      { question: 'How long until /health says degraded?', measure: 'degraded_after', phase },
      { question: 'How many acknowledged notes are lost?', measure: 'notes_lost' },
    ],
  }
}
