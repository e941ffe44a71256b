import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { burst, usualLogins } from './shared/overload.ts'

export function experiment(_slo: Slo, perSecond = usualLogins): Experiment {
  const phase = 'after'
  return burst(perSecond, 'budget', {
    question: 'Clients share a budget: retries may be 10 % of the first tries. How long does the burst hurt now?',
    hypothesis: 'As long as the API needs to work off its queue, a few seconds: hardly any retry is added to it.',
    expectations: [
      {
        ...{ measure: 'amplification', phase, compare: '<', limit: 1.3 },
        why: 'when everything fails the budget is soon empty, and then each user costs one request',
      },
      {
        ...{ measure: 'goodput_back_after', phase, compare: '<=', limit: 8 },
        why: 'the queue of the burst shrinks, because less arrives than the API can do',
      },
    ],
    level: 3,
    order: 330,
    learned:
      'A budget limits the one number that counts, requests for each user. A single failure is still retried; an outage is not multiplied by four.',
    next: 'retry-in-step',
  })
}
