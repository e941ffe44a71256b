import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { totalOutage } from './shared/presets.ts'

export function experiment(slo: Slo): Experiment {
  return totalOutage(slo, {
    fault: 'chmod',
    question: 'What happens when the database file may no longer be opened?',
    hypothesis:
      'SQLite itself would not notice, because permissions are checked only when a file is opened. The API checks them before every use, refuses at once, and recovers by itself.',
    says: 'The file loses all its permissions. Look: every data request is refused with 503, faster than it was served before.',
    level: 1,
    order: 40,
    learned:
      'Permissions are checked when a file is opened, and SQLite keeps it open. The API checks them itself before every use.',
    next: 'outage-lock',
  })
}
