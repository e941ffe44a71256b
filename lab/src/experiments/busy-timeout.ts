import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { meetsGoal, nothingLost, outagePhases } from './shared/presets.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const phase = 'outage'
  const says = 'The same lock as in outage-lock. Look at /health, and at how many requests get no answer.'
  return {
    question: 'What does one setting, a busy timeout of 5,000 ms, do to the whole API when the database is locked?',
    hypothesis:
      'SQLite waits on the only JavaScript thread: /health, which needs no database, freezes with all the rest.',
    settings: { BUSY_TIMEOUT_MS: '5000' },
    phases: outagePhases(baseline.rate, { fault: 'lock', says }),
    expectations: [
      ...meetsGoal('before', baseline),
      {
        measure: 'health_slowest',
        phase,
        compare: '>',
        limit: 2_000,
        why: 'the freeze is what this experiment shows; with 0 ms, in outage-lock, it is a few milliseconds',
      },
      {
        measure: 'p95',
        phase,
        compare: '>',
        limit: 1_000,
        why: 'a request waits for the lock, and every other one waits for that request',
      },
      nothingLost,
    ],
    predictions: [
      { question: 'What is the slowest answer of /health while the lock is held?', measure: 'health_slowest', phase },
      { question: 'What is p95 of the data requests then?', measure: 'p95', phase },
      {
        question: 'Which share of them is answered 503?',
        measure: 'refused',
        phase,
        why: 'SQLite gives up after the busy timeout; a lock that ends before that refuses no request',
      },
    ],
    level: 2,
    order: 60,
    learned:
      'SQLite waits inside one call, and JavaScript has one thread: no other request is even read meanwhile, /health included.',
    next: 'outage-lock-wal',
  }
}
