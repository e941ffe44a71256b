import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { rush, usualLogins } from './shared/overload.ts'

export function experiment(_slo: Slo, perSecond = usualLogins): Experiment {
  const phase = 'three-times'
  return rush(perSecond, {
    question: 'Three times as many users log in as the API can serve. How many does it serve?',
    hypothesis: 'Hardly any: the API is busy all the time, but with users whose patience ended in the queue.',
    expectations: [
      {
        ...{ measure: 'goodput_of_capacity', phase, compare: '<', limit: 25 },
        why: 'first come, first served: when the queue is longer than the patience, everyone comes to their turn too late',
      },
      {
        ...{ measure: 'wasted', phase, compare: '>', limit: 60 },
        why: 'the API counts successes all the time, and no client waits for them any more',
      },
    ],
    level: 3,
    order: 340,
    learned:
      'A queue without a limit turns overload into an outage: work is done in the order of arrival, and the oldest request is the one whose client has gone.',
    next: 'shed',
  })
}
