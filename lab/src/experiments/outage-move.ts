import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { totalOutage } from './shared/presets.ts'

export function experiment(slo: Slo): Experiment {
  return totalOutage(slo, {
    fault: 'move',
    question: 'What happens when the database file is renamed while the API runs?',
    hypothesis:
      'SQLite would go on in the renamed file. The API sees that its name leads nowhere, refuses, and opens the file again when it is back.',
    says: 'The file gets another name. Look: no new, empty database takes its place, which would look like a success.',
    level: 2,
    order: 80,
    learned:
      'An open file has no name: SQLite would go on in the renamed one. The API compares the file under the name with the file it has opened.',
    next: 'crash',
  })
}
