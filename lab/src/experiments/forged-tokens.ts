import type { Experiment } from '../runner/experiment.ts'
import { meetsGoal, nothingLearned, nothingLost, warmUp } from '../runner/presets.ts'
import type { Slo } from '../slo.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const phase = 'forgeries'
  return {
    question: 'Does any forged token get in, and what do 200 of them a second cost the others?',
    hypothesis: 'None gets in, and all get the same 401. A signature costs some microseconds: nobody else notices.',
    phases: [
      warmUp(rate),
      { name: 'quiet', rate, seconds: 15 },
      {
        name: phase,
        rate,
        attack: { name: 'forged-tokens', perSecond: 200 },
        seconds: 25,
        says: 'Somebody sends 200 forged tokens a second: unsigned, signed with guessed keys, expired, of nobody ...',
      },
      { name: 'after', rate, seconds: 10 },
    ],
    expectations: [
      ...meetsGoal('quiet', baseline),
      ...meetsGoal(phase, baseline),
      { measure: 'p95_rise', phase, compare: '<', limit: baseline.latency_ms / 4, why: 'others must not pay for it' },
      { measure: 'attack_kinds', phase, compare: '>=', limit: 20, why: 'one kind of forgery proves nothing of others' },
      { measure: 'attack_accepted', phase, compare: '=', limit: 0, why: 'whoever gets in reads the notes of somebody' },
      { measure: 'attack_refused', phase, compare: '=', limit: 100, why: 'a 500 would be a bug to dig deeper into' },
      nothingLearned(phase),
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      { question: 'How many forged tokens get in?', measure: 'attack_accepted', phase },
      { question: 'How many different answers do they get?', measure: 'attack_answers', phase },
      { question: 'By how much does p95 of the others rise?', measure: 'p95_rise', phase },
    ],
  }
}
