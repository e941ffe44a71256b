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
    question: 'What happens when the database file is renamed under a running API?',
    hypothesis:
      'SQLite would go on in the renamed file. The API sees that the name leads nowhere, refuses, and opens the file again when it is back.',
    phases: [
      warmUp(rate),
      { name: 'before', rate, seconds: 12 },
      {
        name: 'outage',
        rate,
        seconds: 25,
        says: 'The file gets another name. Look: no new, empty database takes its place, which would look like a success.',
      },
      { name: 'after', rate, seconds: 15 },
    ],
    faults: [{ kind: 'move', at: 15, for: 25 }],
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
