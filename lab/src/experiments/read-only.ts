import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { outagePhases, writesOutage } from './shared/presets.ts'

export function experiment(slo: Slo): Experiment {
  const phase = 'outage'
  const says = 'The file loses its permissions to write. Look: only the writes fail, and /health says degraded.'
  return {
    question: 'How much of the service is left when the database file may be read but not written?',
    hypothesis: 'Half of it: reads go on, every write is refused with a problem of its own, and no note is lost.',
    phases: outagePhases(slo.goals.baseline.rate, { fault: 'readonly', says }),
    expectations: writesOutage(
      slo,
      'a read needs no permission to write',
      'a note that cannot be kept is not promised',
    ),
    predictions: [
      { question: 'Which share of the reads is served meanwhile?', measure: 'reads_served', phase },
      { question: 'Which share of the writes is refused meanwhile?', measure: 'writes_refused', phase },
      { question: 'How long until /health says degraded?', measure: 'degraded_after', phase },
      {
        question: 'How long from the end of the fault to the first write that succeeds?',
        measure: 'recovered_after',
        phase,
        why: 'the API tries ten times a second to write again',
      },
    ],
    level: 2,
    order: 75,
    learned:
      'The API checks before every use what its database still allows. A 503 of the type database-read-only tells a client that reading goes on.',
    next: 'outage-move',
  }
}
