import type { Experiment } from '../runner/experiment.ts'
import { meetsGoal, nothingLearned, nothingLost, warmUp } from '../runner/presets.ts'
import type { Slo } from '../slo.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const phase = 'curious'
  return {
    question: "What does a user learn who tries the ids of another's notes?",
    hypothesis: 'Nothing: a note of somebody else gets the same 404 as none, in the same time. It cannot be changed.',
    phases: [
      warmUp(rate),
      { name: 'quiet', rate, seconds: 15 },
      {
        name: phase,
        rate,
        attack: { name: 'anothers-notes', perSecond: 200 },
        seconds: 30,
        says: "A second user reads, changes and deletes by guessed ids: half are another's notes, half are no note.",
      },
      { name: 'after', rate, seconds: 10 },
    ],
    expectations: [
      ...meetsGoal('quiet', baseline),
      ...meetsGoal(phase, baseline),
      { measure: 'attack_accepted', phase, compare: '=', limit: 0, why: 'a note belongs to who wrote it' },
      { measure: 'attack_refused', phase, compare: '=', limit: 100, why: 'it is a 404, whatever is asked' },
      nothingLearned(phase),
      {
        measure: 'told_by_time',
        phase,
        compare: '<',
        limit: 60,
        why: 'tossing a coin is right half of the time; whoever is right more often can tell which ids exist',
      },
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      { question: 'How many attempts get through?', measure: 'attack_accepted', phase },
      { question: 'How many different answers do they get?', measure: 'attack_answers', phase },
      { question: 'How often does the time betray which note exists (50 %: a coin)?', measure: 'told_by_time', phase },
    ],
  }
}
