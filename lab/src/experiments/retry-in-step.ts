import type { ClientPolicy } from '../load/client-policy.ts'
import type { Experiment, Phase } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { patience, usualLogins } from './shared/overload.ts'

export function experiment(_slo: Slo, perSecond = usualLogins): Experiment {
  // Patient enough for the API's queue: only what is refused comes back.
  const usual: ClientPolicy = { timeoutMs: patience(100, perSecond), attempts: 6 }
  const fixed: ClientPolicy = { ...usual, backoff: { baseMs: 2000, maxMs: 2000, jitter: false } }
  const jittered: ClientPolicy = { ...usual, honoursRetryAfter: true }
  const rushOf = (name: string, clients: ClientPolicy, says: string): Phase[] => [
    // The API lets 50 of them wait and refuses what would keep it busy for twelve seconds.
    { name: `rush-${name}`, rate: 0, logins: 24 * perSecond + 100, seconds: 0.5, clients, overload: true, says },
    { name: `echo-${name}`, rate: 0, logins: 0.2 * perSecond, seconds: 15, clients, overload: true },
  ]
  return {
    question: 'Many clients are refused at the same moment. Do they come back at the same moment too?',
    hypothesis:
      'With a fixed pause they do, as high a wave as before, again and again. The Retry-After of the API differs by two seconds at random and flattens it.',
    capacity: 'login',
    neverShorter: true, // a wave is as high as the rush before it is long
    arrivals: 'poisson',
    phases: [
      { name: 'warm-up', rate: 0, logins: 0.2 * perSecond, seconds: 3, warmUp: true, says: 'Warm-up.' },
      ...rushOf('fixed', fixed, 'A rush of half a second. Who is refused tries again after exactly two seconds.'),
      ...rushOf('jittered', jittered, 'The same rush. These clients wait as long as Retry-After asks: 1, 2 or 3 s.'),
    ],
    expectations: [
      {
        ...{ measure: 'peak_of_attempts', phase: 'echo-fixed', compare: '>', limit: 9 },
        why: 'all pauses are equally long: the wave keeps its shape',
      },
      {
        ...{ measure: 'peak_of_attempts', phase: 'echo-jittered', compare: '<', limit: 8 },
        why: 'a third of the clients comes back in each of three seconds',
      },
    ],
    predictions: [
      { question: 'The highest second after the rush, fixed pause?', measure: 'peak_of_attempts', phase: 'echo-fixed' },
      { question: 'And with a jittered Retry-After?', measure: 'peak_of_attempts', phase: 'echo-jittered' },
      {
        ...{
          question: 'Requests for each first try, with the fixed pause?',
          measure: 'amplification',
          phase: 'echo-fixed',
        },
        why: 'each wave is too much at once, so most of it is refused and comes again',
      },
    ],
    level: 3,
    order: 335,
    learned:
      'A moment that many clients share makes the next one: an outage, a full hour, a deployment. Each wave is refused again, and between two of them the API may have nothing to do. Jitter costs nothing and spreads them.',
    next: 'goodput-collapse',
  }
}
