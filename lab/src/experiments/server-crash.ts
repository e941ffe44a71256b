import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { totalOutage } from './shared/presets.ts'

export function experiment(slo: Slo): Experiment {
  const phase = 'outage'
  // The server has to start and to repeat what its log holds.
  const outage = { ...slo.outage, recovered_within_ms: 3_000 }
  return {
    ...totalOutage(
      { ...slo, outage },
      {
        fault: 'server-crash',
        question: 'The PostgreSQL server is killed in the middle of writing and started again: what is lost?',
        hypothesis:
          'No acknowledged note. Without its server the API refuses every data request at once, and it connects again by itself.',
        says: 'The PostgreSQL server ends in the middle of its work. Look: the API lives and answers 503, and /health says degraded.',
        level: 2,
        order: 95,
        learned:
          'A commit is in the log of PostgreSQL, on disk, before it is acknowledged; after a crash the server repeats the log before it listens. The process of the API is another one and lives on.',
        next: 'crash',
      },
    ),
    postgres: true,
    predictions: [
      { question: 'How long until /health says degraded?', measure: 'degraded_after', phase },
      { question: 'Which share of the data requests is answered 503 meanwhile?', measure: 'refused', phase },
      {
        question: 'How long from the start of the server to the first success?',
        measure: 'recovered_after',
        phase,
        why: 'the server starts and repeats its log, and the API tries ten times a second to connect',
      },
      { question: 'How many acknowledged notes are lost?', measure: 'notes_lost' },
    ],
  }
}
