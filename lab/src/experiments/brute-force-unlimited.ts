import type { Experiment } from '../runner/experiment.ts'
import { meetsGoal, nothingLost, warmUp } from '../runner/presets.ts'
import type { Slo } from '../slo.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const phase = 'guesses'
  return {
    question: 'Without a limit on logins, what holds up somebody who sends 100 guessed passwords a second?',
    hypothesis:
      'Only the cost of the hash, one at a time: thousands a minute are heard, and honest logins wait in line.',
    settings: { LOGIN_ATTEMPTS_PER_MINUTE: '0' },
    phases: [
      warmUp(rate),
      { name: 'quiet', rate, logins: 1, seconds: 15 },
      {
        name: phase,
        rate,
        logins: 1,
        attack: { name: 'password-guesses', perSecond: 100 },
        seconds: 30,
        says: 'Somebody tries 100 passwords a second on one user. Look at p95, and think of those who log in.',
      },
      { name: 'after', rate, logins: 1, seconds: 10 },
    ],
    expectations: [
      ...meetsGoal('quiet', baseline),
      ...meetsGoal(phase, baseline),
      {
        measure: 'guesses_per_minute',
        phase,
        compare: '>',
        limit: 200,
        why: 'else the limit of ten would be worth nothing: compare with brute-force',
      },
      { measure: 'attack_accepted', phase, compare: '=', limit: 0, why: 'the password is not among the common ones' },
      { measure: 'attack_refused', phase, compare: '=', limit: 100, why: '401, or 429 while fifty are in line' },
      { measure: 'health_answered', phase, compare: '=', limit: 100, why: 'hashes run on a thread of their own' },
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      { question: 'How many guesses a minute are heard?', measure: 'guesses_per_minute', phase },
      { question: 'By how much does p95 of the data requests rise?', measure: 'p95_rise', phase },
      { question: 'Which share of the honest logins is refused meanwhile?', measure: 'login_errors', phase },
      { question: 'p95 of the honest logins meanwhile?', measure: 'login_p95', phase },
    ],
  }
}
