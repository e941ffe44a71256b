import type { Experiment, Phase } from '../runner/experiment.ts'
import { nothingLost, warmUp } from '../runner/usual.ts'
import type { Slo } from '../slo.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const tolerance = 5
  const phase = (name: string, attack: NonNullable<Phase['attack']>['name'], seconds: number, says: string) => ({
    name,
    rate,
    attack: { name: attack, perSecond: 20 },
    seconds,
    says,
  })
  const ends = 'nobody looks it up: a token is good until it says itself that it is over'
  const tolerated = 'clocks may differ, so a token is accepted five seconds longer than it says'
  return {
    question: 'How long can somebody use a stolen token, and what ends it?',
    hypothesis: 'Until it expires, and five seconds more for clocks that differ. A logout ends it at once.',
    phases: [
      warmUp(rate),
      phase('life-of-2-s', 'stolen-token-of-2-s', 9, 'A thief uses a token that lasts 2 s.'),
      phase('life-of-6-s', 'stolen-token-of-6-s', 13, 'A thief uses a token that lasts 6 s.'),
      phase('logout', 'stolen-token-logged-out-after-2-s', 6, 'The token lasts an hour, but its owner logs out.'),
    ],
    expectations: [
      { measure: 'served_for', phase: 'life-of-2-s', compare: '>=', limit: 1, why: ends },
      { measure: 'served_for', phase: 'life-of-2-s', compare: '<=', limit: 2 + tolerance, why: tolerated },
      { measure: 'served_for', phase: 'life-of-6-s', compare: '>=', limit: 5, why: ends },
      { measure: 'served_for', phase: 'life-of-6-s', compare: '<=', limit: 6 + tolerance, why: tolerated },
      {
        measure: 'served_for',
        phase: 'logout',
        compare: '<=',
        limit: 3,
        why: 'a token from before the logout is refused, whatever it says of itself',
      },
      {
        measure: 'attack_accepted',
        phase: 'logout',
        compare: '>',
        limit: 0,
        why: 'until then it is as good as its owner',
      },
      { measure: 'errors', compare: '<', limit: 100 * baseline.error_ratio, why: 'other users stay logged in' },
      nothingLost,
    ],
    predictions: [
      { question: 'How long does a token that lasts 2 s serve a thief?', measure: 'served_for', phase: 'life-of-2-s' },
      { question: 'And one that lasts 6 s?', measure: 'served_for', phase: 'life-of-6-s' },
      { question: 'And one that lasts an hour, with a logout after 2 s?', measure: 'served_for', phase: 'logout' },
    ],
  }
}
