import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { outagePhases, writesOutage } from './shared/presets.ts'

export function experiment(slo: Slo): Experiment {
  const phase = 'outage'
  const says = 'A file takes all room on the disk. Look: only the writes fail.'
  return {
    question: 'What is left of the service when the disk is full?',
    hypothesis: 'Reads need no room and go on; every write is refused, and no acknowledged note is lost.',
    disk: 32,
    phases: outagePhases(slo.goals.baseline.rate, { fault: 'fill', says }),
    expectations: writesOutage(slo, 'a read needs no room', 'a note that cannot be kept must not be promised'),
    predictions: [
      { question: 'Which share of the reads is served meanwhile?', measure: 'reads_served', phase },
      { question: 'Which share of the writes is refused meanwhile?', measure: 'writes_refused', phase },
      { question: 'How long until /health says degraded?', measure: 'degraded_after', phase },
      { question: 'How many acknowledged notes are lost?', measure: 'notes_lost' },
    ],
    level: 2,
    order: 100,
    learned:
      'A write needs room for the journal, a read needs none. A service that can still read is better than none.',
    next: 'spike',
  }
}
