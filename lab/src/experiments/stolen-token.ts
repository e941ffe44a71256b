import type { Expectation, Experiment, Phase } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { nothingLost, warmUp } from './shared/presets.ts'

/** The API's tolerance for clocks that differ, in seconds. */
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
  const serves = (phase: string, compare: '>=' | '<=', limit: number, why: string): Expectation => ({
    measure: 'served_for',
    phase,
    compare,
    limit,
    why,
  })
  const ends = 'the API keeps no list of tokens: a token is valid until it expires, or its user logs out'
  const tolerated = 'clocks may differ, so a token is accepted five seconds longer than it says'
  const stolen = [
    phase('life-of-2-s', 'stolen-token-of-2-s', 9, 'A thief uses a token that is valid for 2 s.'),
    phase('life-of-6-s', 'stolen-token-of-6-s', 13, 'A thief uses a token that is valid for 6 s.'),
    phase(
      'logout',
      'stolen-token-logged-out-after-2-s',
      6,
      'This one is valid for an hour; its owner logs out after 2 s.',
    ),
  ]
  return {
    question: 'How long can a thief use a stolen token, and what ends it?',
    hypothesis: 'It works until it expires, and 5 s more. A logout of its owner ends it at once.',
    phases: [warmUp(rate), ...stolen],
    neverShorter: true, // a token lives for seconds, however short the run
    expectations: [
      serves('life-of-2-s', '>=', 1, ends),
      serves('life-of-2-s', '<=', 2 + tolerance, tolerated),
      serves('life-of-6-s', '>=', 5, ends),
      serves('life-of-6-s', '<=', 6 + tolerance, tolerated),
      serves('logout', '>=', 1, 'until the logout the thief has the same rights as the owner'),
      {
        measure: 'served_on',
        phase: 'logout',
        compare: '<=',
        limit: 1,
        why: 'a token from before the logout is rejected, whatever its expiry says',
      },
      { measure: 'refusals_differ', compare: '=', limit: 1, why: 'a thief must not learn what ended the token' },
      { measure: 'errors', compare: '<', limit: 100 * baseline.error_ratio, why: 'other users stay logged in' },
      nothingLost,
    ],
    predictions: stolen.map(({ name, says }) => {
      return { question: `${says} How long is the thief served?`, measure: 'served_for', phase: name }
    }),
    level: 2,
    order: 150,
    learned:
      'The API keeps no list of tokens, so it cannot know that one was stolen. It looks up the user once a second: a logout ends all tokens of the user then, and a short lifetime ends them without one.',
    next: 'forged-tokens',
  }
}
