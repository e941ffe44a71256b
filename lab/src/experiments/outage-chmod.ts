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

export function experiment({ goals: { baseline }, outage }: Slo): Experiment {
  const { rate } = baseline
  return {
    question: 'What happens when the database file may no longer be opened?',
    hypothesis:
      'SQLite itself would not notice, for permissions are checked at opening only. The API looks before every use, refuses at once, and finds its way back.',
    phases: [
      warmUp(rate),
      { name: 'before', rate, seconds: 12 },
      {
        name: 'outage',
        rate,
        seconds: 25,
        says: 'The file loses all its permissions. Look: every data request is refused with 503, faster than it was served before.',
      },
      { name: 'after', rate, seconds: 15 },
    ],
    faults: [{ kind: 'chmod', at: 15, for: 25 }],
    expectations: [
      ...meetsGoal('before', baseline),
      ...refusesCleanly('outage', outage),
      comesBack('outage', outage),
      {
        measure: 'p95',
        phase: 'after',
        compare: '<',
        limit: baseline.latency_ms,
        why: 'an outage that is over leaves nothing behind',
      },
      everyRefusalLogged,
      nothingLost,
    ],
    predictions: outagePredictions('outage'),
  }
}
