import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { burst, usualLogins } from './shared/overload.ts'

export function experiment(_slo: Slo, perSecond = usualLogins): Experiment {
  const phase = 'after'
  return burst(perSecond, 'immediate', {
    question: 'Clients try again at once, four tries in all. How long does a burst of three seconds hurt?',
    hypothesis:
      'It never ends by itself: retries keep the queue longer than the patience of the clients, so all work comes too late.',
    expectations: [
      {
        ...{ measure: 'goodput', phase, compare: '<', limit: 10 },
        why: 'the API is busy all the time, with logins that no client waits for any more',
      },
      {
        ...{ measure: 'amplification', phase, compare: '>', limit: 2.5 },
        why: 'every first try fails, and each failure becomes another request',
      },
    ],
    level: 3,
    order: 310,
    learned:
      'A metastable failure: the burst is over, but the retries are a load of their own, four times the users, and they keep it alive. Only less load ends it.',
    next: 'retry-backoff',
  })
}
