import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { usualLogins } from './shared/overload.ts'

const steps = [20, 30, 40, 50, 60, 70, 75, 80, 90, 95]

export function experiment(_slo: Slo, perSecond = usualLogins): Experiment {
  const says = (step: number) => `Users log in at random moments, at ${step} % of what the API can do.`
  return {
    question: 'How long do logins wait for each other, the closer the load comes to what the API can do?',
    hypothesis:
      'As queueing theory says (M/D/1): hardly at half of the capacity, twice a login at 80 %, without end at 100 %.',
    capacity: 'login',
    arrivals: 'poisson',
    phases: [
      { name: 'warm-up', rate: 0, logins: 0.2 * perSecond, seconds: 3, warmUp: true, says: 'Warm-up.' },
      ...steps.map((step) => {
        return { name: `load-${step}`, rate: 0, logins: (step / 100) * perSecond, seconds: 12, says: says(step) }
      }),
    ],
    expectations: [
      // The median: a machine that is slow for some seconds disturbs one load, another theory would disturb all.
      {
        ...{ measure: 'wait_off_model', compare: '<=', limit: 25 },
        why: 'one hash at a time, first come first served, each as long as the other',
      },
    ],
    predictions: [
      {
        question: 'Mean wait at 50 % of the capacity?',
        measure: 'mean_wait',
        phase: 'load-50',
        why: 'half of a login',
      },
      { question: 'Mean wait at 80 %?', measure: 'mean_wait', phase: 'load-80', why: 'two logins: four times as long' },
      {
        question: 'Mean wait at 95 %?',
        measure: 'mean_wait',
        phase: 'load-95',
        why: 'in theory more than nine logins',
      },
    ],
    level: 3,
    order: 290,
    learned:
      'Random arrivals come in clusters, so a queue forms long before 100 %. The wait grows with 1 / (1 - utilisation): the last 20 % of the capacity cost more than the first 80 %.',
    next: 'littles-law',
  }
}
