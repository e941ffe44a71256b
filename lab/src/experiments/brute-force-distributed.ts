import type { Experiment } from '../runner/experiment.ts'
import { meetsGoal, nothingLost, warmUp } from '../runner/presets.ts'
import type { Slo } from '../slo.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const attempts = 10
  const phase = 'many-addresses'
  return {
    question: 'What is a limit of logins worth against somebody who has twenty addresses?',
    hypothesis:
      'Ten a minute from each would be two hundred. But a name has a limit of its own, whoever asks: fifty are heard.',
    settings: { LOGIN_ATTEMPTS_PER_MINUTE: String(attempts) },
    phases: [
      warmUp(rate),
      { name: 'quiet', rate, seconds: 15 },
      {
        name: phase,
        rate,
        attack: { name: 'password-guesses-from-many-addresses', perSecond: 100 },
        seconds: 30,
        says: 'The same 100 guesses a second on one user, but from twenty addresses.',
      },
      { name: 'after', rate, seconds: 10 },
    ],
    expectations: [
      ...meetsGoal('quiet', baseline),
      ...meetsGoal(phase, baseline),
      { measure: 'guesses_heard', phase, compare: '>', limit: attempts, why: 'more than one address could have' },
      {
        measure: 'guesses_heard',
        phase,
        compare: '<=',
        limit: 2 * 5 * attempts,
        why: 'five times as many a minute as from one address, and a minute may end meanwhile',
      },
      { measure: 'attack_accepted', phase, compare: '=', limit: 0, why: 'the password is not among the common ones' },
      { measure: 'attack_refused', phase, compare: '=', limit: 100, why: '401 while it listens, then 429' },
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      { question: 'How many of the guesses are heard?', measure: 'guesses_heard', phase },
      { question: 'By how much does p95 of the others rise?', measure: 'p95_rise', phase },
      { question: 'p95 of the others meanwhile?', measure: 'p95', phase },
    ],
  }
}
