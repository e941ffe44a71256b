import type { Experiment } from '../runner/experiment.ts'
import { meetsGoal, nothingLost, warmUp } from '../runner/presets.ts'
import type { Slo } from '../slo.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const phase = 'lock'
  // The requests of a frozen API wait: few enough that their number proves nothing but that.
  const rate = baseline.rate / 10
  return {
    question: 'What does one setting, a busy timeout of 5,000 ms, do to the whole API when the database is locked?',
    hypothesis:
      'SQLite waits on the only JavaScript thread: /health, which needs no database, freezes with all the rest.',
    settings: { BUSY_TIMEOUT_MS: '5000' },
    phases: [
      warmUp(rate),
      { name: 'before', rate, seconds: 12 },
      { name: phase, rate, seconds: 8, says: 'The same lock as in outage-lock, for 8 s. Look at /health.' },
      { name: 'after', rate, seconds: 30 },
    ],
    faults: [{ kind: 'lock', at: 15, for: 8 }],
    expectations: [
      ...meetsGoal('before', baseline),
      {
        measure: 'health_slowest',
        phase,
        compare: '>',
        limit: 2_000,
        why: 'the freeze is what is to be shown; with 0 ms, in outage-lock, it is a few milliseconds',
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
      { question: 'Which share of them is answered 503?', measure: 'refused', phase },
    ],
  }
}
