import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { attackPhases, meetsGoal, nothingLearned, nothingLost } from './shared/presets.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const phase = 'curious'
  return {
    question: "What can a user learn by trying the ids of another user's notes?",
    hypothesis:
      "Nothing: another user's note gets the same 404 as a missing one, in the same time. It cannot be changed.",
    phases: attackPhases({
      name: phase,
      rate,
      attack: { name: 'anothers-notes', perSecond: 200 },
      seconds: 30,
      says: 'A second user reads, changes and deletes by guessed ids: half belong to another user, half do not exist.',
    }),
    expectations: [
      ...meetsGoal('quiet', baseline),
      ...meetsGoal(phase, baseline),
      { measure: 'attack_accepted', phase, compare: '=', limit: 0, why: 'a note belongs to its author' },
      { measure: 'attack_refused', phase, compare: '=', limit: 100, why: 'the answer is 404 for every method' },
      nothingLearned(phase),
      {
        measure: 'guessed_by_time',
        phase,
        compare: '<',
        limit: 60,
        why: 'a coin is right half of the time; an attacker who is right more often learns which ids exist',
      },
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      { question: 'How many attempts get through?', measure: 'attack_accepted', phase },
      { question: 'How many different answers do they get?', measure: 'refusals_differ', phase },
      {
        question: 'How often does the time betray which note exists (50 %: a coin)?',
        measure: 'guessed_by_time',
        phase,
      },
    ],
    level: 3,
    order: 210,
    learned:
      "The query asks for the id and the owner together, so another user's note is not found, just like a missing one.",
    next: 'flood',
  }
}
