import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { burst, usualLogins } from './shared/overload.ts'

export function experiment(_slo: Slo, perSecond = usualLogins): Experiment {
  const phase = 'after'
  return burst(perSecond, 'backoff', {
    question: 'Clients wait longer before each retry (exponential backoff with jitter). Does that end the storm?',
    hypothesis: 'No: backoff moves retries to a later moment, and does not make them fewer.',
    expectations: [
      {
        ...{ measure: 'goodput', phase, compare: '<', limit: 10 },
        why: 'pauses of a fraction of a second spread the retries; the load on the API stays above what it can do',
      },
      {
        ...{ measure: 'amplification', phase, compare: '>', limit: 2.5 },
        why: 'each first try still becomes up to four requests',
      },
    ],
    level: 3,
    order: 320,
    learned:
      'Backoff with jitter cures clients that come back in step. Where users keep arriving, the sum of first tries and retries matters, and that is the same as without it.',
    next: 'retry-budget',
  })
}
