import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { usualLogins } from './shared/overload.ts'

export function experiment(_slo: Slo, perSecond = usualLogins): Experiment {
  const phase = 'busy'
  return {
    question: 'Can the number of requests in the API be told from the outside, by their rate and latency alone?',
    hypothesis: "Yes: by Little's law it is rate x mean latency, whatever the API does inside.",
    capacity: 'login',
    arrivals: 'poisson',
    phases: [
      { name: 'warm-up', rate: 0, logins: 0.5 * perSecond, seconds: 3, warmUp: true, says: 'Warm-up.' },
      { name: 'half', rate: 0, logins: 0.5 * perSecond, seconds: 15, says: 'Logins at half of the capacity.' },
      { name: phase, rate: 0, logins: 0.9 * perSecond, seconds: 40, says: 'Logins at 90 %: the queue comes and goes.' },
    ],
    expectations: [
      {
        ...{ measure: 'little_off', phase, compare: '<=', limit: 25 },
        why: 'the API counts the requests in it once a second; the client knows only when it sent and got what',
      },
    ],
    predictions: [
      { question: 'How many requests are in the API at 50 %?', measure: 'in_system', phase: 'half', why: 'L = λW' },
      { question: 'And at 90 %?', measure: 'in_system', phase, why: 'λ hardly doubles, W does much more' },
      { question: 'Mean wait at 90 %?', measure: 'mean_wait', phase, why: 'four and a half logins, in theory' },
    ],
    level: 3,
    order: 300,
    learned:
      'L = λW needs no assumption about arrivals or service, so it checks measurements: where it does not hold, one of the three numbers is wrong. It also sizes pools: connections needed = rate x time each is held.',
    next: 'retry-storm',
  }
}
