import type { Expectation, Experiment, Phase } from '../runner/experiment.ts'
import { nothingLost, warmUp } from '../runner/presets.ts'
import type { Slo } from '../slo.ts'

const tolerance = 5

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const phase = (name: string, attack: NonNullable<Phase['attack']>['name'], seconds: number, says: string) => ({
    name,
    rate,
    attack: { name: attack, perSecond: 20 },
    seconds,
    says,
  })
  const serves = (phase: string, compare: '>=' | '<=', limit: number, why: string): Expectation[] => [
    { measure: 'served_for', phase, compare, limit, why },
  ]
  const endedBy = (phase: string, why: string): Expectation[] => [
    ...serves(phase, '>=', 1, 'until then it is as good as its owner'),
    { measure: 'served_on', phase, compare: '<=', limit: 2, why },
  ]
  const ends = 'nobody looks it up: a token is good until it says itself that it is over'
  const tolerated = 'clocks may differ, so a token is accepted five seconds longer than it says'
  const readAgain = 'the list of users is read again, and that takes a few hashes'
  const backIn = 'the owner logs in with the new password as soon as the thief is out'
  const stolen = [
    phase('life-of-2-s', 'stolen-token-of-2-s', 9, 'A thief uses a token that lasts 2 s.'),
    phase('life-of-6-s', 'stolen-token-of-6-s', 13, 'A thief uses a token that lasts 6 s.'),
    phase('logout', 'stolen-token-logged-out-after-2-s', 6, 'This one lasts an hour; its owner logs out after 2 s.'),
    phase('password', 'stolen-token-password-changed-after-2-s', 8, 'Its owner gets another password after 2 s.'),
    phase('removal', 'stolen-token-of-user-removed-after-2-s', 8, 'Its owner is no longer a user after 2 s.'),
  ]
  return {
    question: 'How long can somebody use a stolen token, and what ends it?',
    hypothesis: 'It works until it expires, and 5 s more. A logout, another password or the end of the user ends it.',
    phases: [warmUp(rate), ...stolen],
    expectations: [
      ...serves('life-of-2-s', '>=', 1, ends),
      ...serves('life-of-2-s', '<=', 2 + tolerance, tolerated),
      ...serves('life-of-6-s', '>=', 5, ends),
      ...serves('life-of-6-s', '<=', 6 + tolerance, tolerated),
      ...endedBy('logout', 'a token from before the logout is refused, whatever it says of itself'),
      ...endedBy('password', readAgain),
      { measure: 'owner_served', phase: 'password', compare: '=', limit: 1, why: backIn },
      ...endedBy('removal', readAgain),
      { measure: 'refusals_differ', compare: '=', limit: 1, why: 'a thief must not learn what ended the token' },
      { measure: 'errors', compare: '<', limit: 100 * baseline.error_ratio, why: 'other users stay logged in' },
      nothingLost,
    ],
    predictions: stolen.map(({ name, says }) => {
      return { question: `${says} How long is the thief served?`, measure: 'served_for', phase: name }
    }),
  }
}
