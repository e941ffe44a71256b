import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { attackPhases, meetsGoal, nothingLearned, nothingLost } from './shared/presets.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const phase = 'forgeries'
  return {
    question: 'Is any forged token accepted, and what do 200 of them a second cost all other requests?',
    hypothesis:
      'None is accepted, and all get the same 401. A signature costs some microseconds: other requests are no slower.',
    phases: attackPhases({
      name: phase,
      rate,
      attack: { name: 'forged-tokens', perSecond: 200 },
      seconds: 25,
      says: 'An attacker sends 200 forged tokens a second: unsigned, signed with guessed keys, expired, of no user ...',
    }),
    expectations: [
      ...meetsGoal('quiet', baseline),
      ...meetsGoal(phase, baseline),
      {
        measure: 'p95_rise',
        phase,
        compare: '<',
        limit: baseline.latency_ms / 4,
        why: 'other clients must not pay for it',
      },
      {
        measure: 'attack_kinds',
        phase,
        compare: '>=',
        limit: 20,
        why: 'one kind of forgery proves nothing about another kind',
      },
      {
        measure: 'attack_accepted',
        phase,
        compare: '=',
        limit: 0,
        why: 'a forged token that is accepted opens the notes of a user',
      },
      {
        measure: 'attack_refused',
        phase,
        compare: '=',
        limit: 100,
        why: 'a 500 would be a bug that an attacker explores further',
      },
      nothingLearned(phase),
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      { question: 'How many forged tokens are accepted?', measure: 'attack_accepted', phase },
      { question: 'How many different answers do they get?', measure: 'refusals_differ', phase },
      { question: 'By how much does p95 of the other requests rise?', measure: 'p95_rise', phase },
    ],
    level: 2,
    order: 160,
    learned: 'One algorithm, one key, one answer: the API decides what a valid token is, never the token itself.',
    next: 'weak-secret',
  }
}
