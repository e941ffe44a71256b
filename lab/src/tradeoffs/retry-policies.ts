import { burstClients, burstPhases, usualLogins } from '../experiments/shared/overload.ts'
import { neither, type Tradeoff } from '../runner/tradeoff.ts'
import type { Slo } from '../slo.ts'

export function tradeoff(_slo: Slo, perSecond = usualLogins): Tradeoff {
  const phase = 'after'
  const policies = ['immediate', 'backoff', 'budget', 'breaker'] as const
  const ending = ['budget', 'breaker']
  return {
    question: 'A request fails: try again at once, after a pause, within a budget, or not while all fail (a breaker)?',
    decision:
      'A budget: after a burst the sum of first tries and retries must be less than what the API can do. Decide for a breaker where a client can do without the answer for a moment, and for retries without a limit only where hardly anyone retries.',
    capacity: 'login',
    arrivals: 'poisson',
    variants: policies.map((name) => ({ name, settings: {}, clients: burstClients(name, perSecond) })),
    phases: burstPhases(perSecond),
    compared: [
      { measure: 'goodput', phase: 'before', better: neither, why: 'as long as all goes well, no one tries again' },
      { measure: 'goodput', phase, better: ending, why: 'only fewer requests end the queue that the burst has left' },
      { measure: 'amplification', phase, better: ending, why: 'a pause makes a retry later, and not less' },
      { measure: 'goodput_back_after', phase, better: ending, why: 'the fewer retries, the sooner the queue is gone' },
    ],
    unmeasured:
      'Where the retries are made: a budget or a breaker counts the calls of one process. A thousand browsers that retry by themselves have a thousand of them.',
    order: 70,
  }
}
