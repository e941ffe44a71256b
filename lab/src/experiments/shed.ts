import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { rush, rushPatience, shedding, usualLogins } from './shared/overload.ts'

export function experiment(_slo: Slo, perSecond = usualLogins): Experiment {
  const phase = 'three-times'
  const plan = rush(perSecond, {
    question: 'The same rush, but the API refuses at once what would wait too long. How many users does it serve?',
    hypothesis: 'Nearly as many as it can: it works only for users who still wait.',
    expectations: [
      {
        ...{ measure: 'goodput_of_capacity', phase, compare: '>=', limit: 80 },
        why: 'a refusal costs next to nothing, and the queue stays shorter than the patience of a client',
      },
      {
        ...{ measure: 'wasted', phase, compare: '<', limit: 20 },
        why: 'what it begins, it ends in time',
      },
      {
        ...{ measure: 'login_p95', phase, compare: '<', limit: rushPatience(perSecond) },
        why: 'refused users know at once, the others wait half of their patience at most',
      },
    ],
    level: 3,
    order: 350,
    learned:
      'Two of three users are refused either way. Refused early they cost nothing, and the third is served: goodput stays at the capacity.',
    next: 'queue',
  })
  return { ...plan, settings: shedding(perSecond) }
}
