import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { meetsGoal, nothingLost, warmUp } from './shared/presets.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const phase = 'logins'
  return {
    question: 'What do 20 logins a second, each a costly password hash, do to all other requests?',
    hypothesis:
      'Little: one hash at a time runs on a thread of its own, so the logins wait for each other and the reads do not.',
    settings: { LOGIN_ATTEMPTS_PER_MINUTE: '0' },
    phases: [
      warmUp(rate),
      { name: 'quiet', rate, seconds: 15 },
      { name: phase, rate, logins: 20, seconds: 25, says: 'Beside the usual load 20 users a second log in.' },
      { name: 'after', rate, seconds: 10 },
    ],
    expectations: [
      ...meetsGoal('quiet', baseline),
      ...meetsGoal(phase, baseline),
      { measure: 'login_errors', phase, compare: '=', limit: 0, why: 'the password is right' },
      { measure: 'login_p95', phase, compare: '<', limit: 5 * baseline.latency_ms, why: 'a person waits for it' },
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      {
        question: 'p95 of the data requests without logins?',
        measure: 'p95',
        phase: 'quiet',
        why: 'the one thread is idle most of the time',
      },
      {
        question: 'p95 of the data requests beside them?',
        measure: 'p95',
        phase,
        why: 'a hash runs on a thread of its own; only a core is taken, not the one JavaScript thread',
      },
      { question: 'p95 of the logins themselves?', measure: 'login_p95', phase },
    ],
    level: 2,
    order: 120,
    learned:
      'A password hash is made to be slow. On a thread of its own, one at a time, it delays other logins and little else.',
    next: 'brute-force',
  }
}
