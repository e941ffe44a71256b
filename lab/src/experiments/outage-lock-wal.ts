import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { outagePhases, writesOutage } from './shared/presets.ts'

export function experiment(slo: Slo): Experiment {
  const phase = 'outage'
  const says = 'Another process locks the database. Look: only the writes fail.'
  return {
    question: 'How much of the service does a lock take away when the database is in WAL mode?',
    hypothesis: 'Half of it: in WAL mode readers need no lock, so reads go on and only writes are refused.',
    settings: { JOURNAL_MODE: 'wal' },
    phases: outagePhases(slo.goals.baseline.rate, { fault: 'lock', says }),
    expectations: writesOutage(
      slo,
      'no lock keeps a reader of a WAL database out',
      'there is one writer, and it is not the API',
    ),
    predictions: [
      { question: 'Which share of the reads is served meanwhile?', measure: 'reads_served', phase },
      { question: 'Which share of the writes is refused meanwhile?', measure: 'writes_refused', phase },
      {
        question: 'What is p95 of all of them meanwhile?',
        measure: 'p95',
        phase,
        why: 'a refused write is quick, and a read needs no lock: no request waits',
      },
      { question: 'How long until /health says degraded?', measure: 'degraded_after', phase },
    ],
    level: 2,
    order: 70,
    learned: 'In WAL mode readers use the last committed state and need no lock; there is still only one writer.',
    next: 'read-only',
  }
}
