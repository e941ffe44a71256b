import type { Experiment } from '../runner/experiment.ts'
import { comesBack, meetsGoal, nothingLost, warmUp } from '../runner/presets.ts'
import type { Slo } from '../slo.ts'

export function experiment({ goals: { baseline }, outage }: Slo): Experiment {
  const { rate } = baseline
  const phase = 'lock'
  return {
    question: 'How much of the service does a lock take away when the database is in WAL mode?',
    hypothesis: 'Half of it: in WAL mode readers need no lock, so reads go on and only writes are refused.',
    settings: { JOURNAL_MODE: 'wal' },
    phases: [
      warmUp(rate),
      { name: 'before', rate, seconds: 12 },
      { name: phase, rate, seconds: 25, says: 'Another process locks the database. Look: only the writes fail.' },
      { name: 'after', rate, seconds: 15 },
    ],
    faults: [{ kind: 'lock', at: 15, for: 25, feltBy: 'write' }],
    expectations: [
      ...meetsGoal('before', baseline),
      { measure: 'reads_served', phase, compare: '=', limit: 100, why: 'no lock keeps a reader of a WAL database out' },
      { measure: 'writes_refused', phase, compare: '=', limit: 100, why: 'there is one writer, and it is not the API' },
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
      { question: 'What is p95 of all of them meanwhile?', measure: 'p95', phase },
      { question: 'How long until /health says degraded?', measure: 'degraded_after', phase },
    ],
  }
}
