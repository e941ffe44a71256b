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
    question: 'What happens when another process locks the database for itself?',
    hypothesis:
      'Nobody waits for the lock: every data request is refused at once, and the first one after its end is served.',
    phases: [
      warmUp(rate),
      { name: 'before', rate, seconds: 12 },
      {
        name: 'outage',
        rate,
        seconds: 25,
        says: 'Another process holds an exclusive lock. Look: 503 at once instead of requests that wait, and /health still answers.',
      },
      { name: 'after', rate, seconds: 15 },
    ],
    faults: [{ kind: 'lock', at: 15, for: 25 }],
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
