import type { Experiment } from '../runner/experiment.ts'
import {
  comesBack,
  everyRefusalLogged,
  meetsGoal,
  nothingLost,
  outagePredictions,
  refusesCleanly,
  warmUp,
} from '../runner/presets.ts'
import type { Slo } from '../slo.ts'

export function experiment({ goals: { baseline, peak }, outage }: Slo): Experiment {
  const { rate } = peak
  return {
    question: 'Is an outage at the busiest hour worse than on an ordinary day?',
    hypothesis:
      'No: refusals cost less than answers, so none piles up, and there is no crowd when the database is back.',
    phases: [
      warmUp(baseline.rate),
      { name: 'peak', rate, seconds: 17 },
      { name: 'outage', rate, seconds: 20 },
      { name: 'after', rate, seconds: 20 },
    ],
    faults: [{ kind: 'chmod', at: 20, for: 20 }],
    expectations: [
      ...meetsGoal('peak', peak),
      ...refusesCleanly('outage', outage),
      comesBack('outage', outage),
      {
        measure: 'p95',
        phase: 'after',
        compare: '<',
        limit: peak.latency_ms,
        why: 'nobody has to be served late who came during the outage',
      },
      everyRefusalLogged,
      nothingLost,
    ],
    predictions: outagePredictions('outage'),
  }
}
