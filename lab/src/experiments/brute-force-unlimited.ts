import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { attackPhases, meetsGoal, nothingLost } from './shared/presets.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const phase = 'guesses'
  return {
    question: 'Without a login limit, what slows down an attacker who sends 100 guessed passwords a second?',
    hypothesis:
      'Only the cost of the hash, one at a time: thousands a minute are checked, and honest logins wait in the queue.',
    settings: { LOGIN_ATTEMPTS_PER_MINUTE: '0' },
    phases: attackPhases({
      name: phase,
      rate,
      logins: 1,
      attack: { name: 'password-guesses', perSecond: 100 },
      seconds: 30,
      says: 'An attacker tries 100 passwords a second for one user. Look at p95, and think of the users who log in.',
    }),
    expectations: [
      ...meetsGoal('quiet', baseline),
      ...meetsGoal(phase, baseline),
      {
        measure: 'guesses_heard',
        phase,
        compare: '>',
        limit: 100,
        why: 'otherwise the limit of ten a minute would be worth nothing: compare with brute-force',
      },
      { measure: 'attack_accepted', phase, compare: '=', limit: 0, why: 'the password is not among the common ones' },
      { measure: 'health_answered', phase, compare: '=', limit: 100, why: 'hashes run on a thread of their own' },
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      { question: 'How many of the guesses are checked?', measure: 'guesses_heard', phase },
      {
        question: 'By how much does p95 of the data requests rise?',
        measure: 'p95_rise',
        phase,
        why: 'the hashes run on a thread of their own, but they keep a core busy',
      },
      {
        question: 'Which share of the honest logins is refused meanwhile?',
        measure: 'login_errors',
        phase,
        why: 'the queue of hashes has an end; a login that finds it full is refused at once',
      },
      {
        question: 'p95 of the honest logins meanwhile?',
        measure: 'login_p95',
        phase,
        why: 'an honest login waits behind every guess that came before it',
      },
    ],
    level: 2,
    order: 140,
    learned: 'Without a limit the queue of hashes is the only brake, and honest users wait in the same queue.',
    next: 'brute-force-distributed',
  }
}
