import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { totalOutage } from './shared/presets.ts'

export function experiment(slo: Slo): Experiment {
  return totalOutage(slo, {
    fault: 'lock',
    question: 'What happens when another process locks the database for itself?',
    hypothesis:
      'No request waits for the lock: every data request is refused at once, and the first one after its end is served.',
    says: 'Another process holds an exclusive lock. Look: 503 at once instead of requests that wait, and /health still answers.',
    level: 1,
    order: 50,
    learned: 'With a busy timeout of 0 SQLite reports a lock at once instead of waiting on the only thread.',
    next: 'busy-timeout',
  })
}
