import { rushClients, rushPhases, shedding, usualLogins } from '../experiments/shared/overload.ts'
import { neither, type Tradeoff } from '../runner/tradeoff.ts'
import type { Slo } from '../slo.ts'

export function tradeoff(_slo: Slo, perSecond = usualLogins): Tradeoff {
  const phase = 'three-times'
  return {
    question: 'Three times as much arrives as the API can do: queue it, or refuse at once what would wait too long?',
    decision:
      'Queue (off by default), since the right limit depends on how long the clients wait. Decide for shedding as soon as that is known, and the load can exceed the capacity.',
    capacity: 'login',
    arrivals: 'poisson',
    clients: rushClients(perSecond),
    variants: [
      { name: 'queue', settings: { SHED_AFTER_MS: '0' } },
      { name: 'shed', settings: shedding(perSecond) },
    ],
    phases: rushPhases(perSecond),
    compared: [
      { measure: 'goodput', phase: 'before', better: neither, why: 'below the capacity hardly anything has to wait' },
      { measure: 'goodput_of_capacity', phase, better: 'shed', why: 'it works only for clients that still wait' },
      { measure: 'wasted', phase, better: 'shed', why: 'what it begins, it ends in time' },
      { measure: 'login_p95', phase, better: 'shed', why: 'a refusal comes at once' },
    ],
    unmeasured:
      'Two of three clients fail either way. Refused early, they can do something else: ask another server, or tell their user.',
    order: 80,
  }
}
