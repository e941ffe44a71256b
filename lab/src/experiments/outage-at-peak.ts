import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import {
  comesBack,
  everyRefusalLogged,
  fastAgain,
  meetsGoal,
  nothingLost,
  outagePredictions,
  refusesCleanly,
  warmUp,
} from './shared/presets.ts'

export function experiment({ goals: { baseline, peak }, outage }: Slo): Experiment {
  const { rate } = peak
  return {
    question: 'Is an outage at the busiest hour worse than on an ordinary day?',
    hypothesis:
      'No: a refusal costs less than an answer, so no queue builds up that would have to be served afterwards.',
    phases: [
      warmUp(baseline.rate),
      { name: 'peak', rate, seconds: 17 },
      { name: 'outage', rate, seconds: 20, fault: 'chmod' },
      { name: 'after', rate, seconds: 20 },
    ],
    expectations: [
      ...meetsGoal('peak', peak),
      ...refusesCleanly('outage', outage),
      comesBack('outage', outage),
      fastAgain('after', peak),
      everyRefusalLogged,
      nothingLost,
    ],
    predictions: outagePredictions('outage'),
    level: 3,
    order: 170,
    learned: 'A refusal is cheaper than an answer, so even at the peak the outage takes load off the API.',
    next: 'flapping',
  }
}
