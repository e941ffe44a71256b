import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { attackPhases, meetsGoal, nothingLost } from './shared/presets.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const attempts = 10
  const phase = 'guesses'
  return {
    question: 'How many guessed passwords a minute does the API check when an attacker sends 100 a second?',
    hypothesis: 'Ten, as LOGIN_ATTEMPTS_PER_MINUTE says. The others get a 429 before any hash is computed.',
    settings: { LOGIN_ATTEMPTS_PER_MINUTE: String(attempts) },
    phases: attackPhases({
      name: phase,
      rate,
      attack: { name: 'password-guesses', perSecond: 100 },
      seconds: 30,
      says: 'An attacker tries 100 passwords a second for one user, from one address.',
    }),
    expectations: [
      ...meetsGoal('quiet', baseline),
      ...meetsGoal(phase, baseline),
      { measure: 'p95_rise', phase, compare: '<', limit: baseline.latency_ms / 4, why: 'a 429 costs almost nothing' },
      {
        measure: 'guesses_heard',
        phase,
        compare: '<=',
        limit: 2 * attempts,
        why: 'the limit for one name and address, twice because a minute may end meanwhile',
      },
      { measure: 'attack_accepted', phase, compare: '=', limit: 0, why: 'the password is not among the common ones' },
      { measure: 'attack_refused', phase, compare: '=', limit: 100, why: '401 while passwords are checked, then 429' },
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      { question: 'How many of the guesses are checked?', measure: 'guesses_heard', phase },
      { question: 'By how much does p95 of the other requests rise?', measure: 'p95_rise', phase },
      {
        question: 'p95 of the other requests meanwhile?',
        measure: 'p95',
        phase,
        why: 'ten hashes a minute on a thread of their own leave the other requests alone',
      },
    ],
    level: 2,
    order: 130,
    learned: 'The limit is checked before the hash, so a guess beyond it costs the API almost nothing.',
    next: 'brute-force-unlimited',
  }
}
