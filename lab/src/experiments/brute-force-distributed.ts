import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { attackPhases, meetsGoal, nothingLost } from './shared/presets.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const attempts = 10
  const phase = 'guesses'
  return {
    question: 'What is a login limit worth against an attacker with twenty addresses?',
    hypothesis:
      'The limit counts per name and address: ten a minute from each of twenty addresses, two hundred together.',
    settings: { LOGIN_ATTEMPTS_PER_MINUTE: String(attempts) },
    phases: attackPhases({
      name: phase,
      rate,
      attack: { name: 'password-guesses-from-many-addresses', perSecond: 100 },
      seconds: 30,
      says: 'The same 100 guesses a second for one user, but from twenty addresses.',
    }),
    expectations: [
      ...meetsGoal('quiet', baseline),
      ...meetsGoal(phase, baseline),
      { measure: 'guesses_heard', phase, compare: '>', limit: attempts, why: 'more than one address could have' },
      {
        measure: 'guesses_heard',
        phase,
        compare: '<=',
        limit: 2 * 20 * attempts,
        why: 'the limit of twenty addresses, twice because a minute may end meanwhile',
      },
      { measure: 'attack_accepted', phase, compare: '=', limit: 0, why: 'the password is not among the common ones' },
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      { question: 'How many of the guesses are checked?', measure: 'guesses_heard', phase },
      {
        question: 'By how much does p95 of the other requests rise?',
        measure: 'p95_rise',
        phase,
        why: 'even 200 hashes a minute are only a few a second, one at a time',
      },
      {
        question: 'p95 of the other requests meanwhile?',
        measure: 'p95',
        phase,
        why: 'even 200 hashes a minute are only a few a second, one at a time',
      },
    ],
    level: 3,
    order: 190,
    learned:
      'A limit per address is worth as much as addresses cost. A limit per name would hold, but it would let an attacker lock that user out.',
    next: 'weak-secret',
  }
}
