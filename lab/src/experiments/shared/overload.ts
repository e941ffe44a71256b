import { type ClientPolicy, policies } from '../../load/client-policy.ts'
import type { Expectation, Experiment, Phase, Prediction } from '../../runner/experiment.ts'

// Overload of the logins: one password hash at a time makes them a server with one queue. All loads are relative to what
// it can do, so that a fast machine and a slow one show the same.

/** Logins per second of an ordinary machine, for lists and lengths, before the real figure is measured. */
export const usualLogins = 45

/** No limit per user: all clients log in as one. Without shedding the queue may grow. */
export const onlyTheQueue = { LOGIN_ATTEMPTS_PER_MINUTE: '0', SHED_AFTER_MS: '0' }

type Own = Pick<Experiment, 'question' | 'hypothesis' | 'expectations' | 'level' | 'order' | 'learned' | 'next'>

/** How long a client waits, in milliseconds: as long as so many logins take. */
export function patience(logins: number, perSecond: number): number {
  return (1000 * logins) / perSecond
}

/**
 * A burst of three seconds over a load that the API can take, as clients with one policy meet it. They do not hang up:
 * behind a proxy that does not pass it on, the API works for clients that have gone.
 */
export function burst(perSecond: number, policy: keyof ReturnType<typeof policies>, own: Own): Experiment {
  const clients: ClientPolicy = { ...policies(patience(17.5, perSecond))[policy], hangsUp: false }
  const usual = { rate: 0, logins: 0.45 * perSecond }
  const phases: Phase[] = [
    { name: 'warm-up', ...usual, seconds: 3, warmUp: true, says: 'Warm-up: nothing is judged yet.' },
    { name: 'before', ...usual, seconds: 8, says: 'Users log in at random moments, at 45 % of what the API can do.' },
    {
      ...{ name: 'burst', rate: 0, logins: 5 * usual.logins, seconds: 3, overload: true },
      says: 'Five times as many, for three seconds.',
    },
    { name: 'after', ...usual, seconds: 20, says: 'The burst is over, the load is as before. Look at what succeeds.' },
  ]
  return {
    ...own,
    capacity: 'login',
    settings: onlyTheQueue,
    arrivals: 'poisson',
    clients,
    phases,
    expectations: [worksBefore, ...own.expectations],
    predictions,
  }
}

const worksBefore: Expectation = {
  ...{ measure: 'goodput', phase: 'before', compare: '>=', limit: 95, precondition: true },
  why: 'before the burst nearly every user is served',
}

const predictions: Prediction[] = [
  {
    question: 'Which share of the users is served during the burst?',
    measure: 'goodput',
    phase: 'burst',
    why: 'more than twice what the API can do arrives: the queue is soon longer than the patience of a client',
  },
  {
    ...{ question: 'Which share is served in the 20 s after it?', measure: 'goodput', phase: 'after' },
    why: 'the retries decide it: many keep the queue longer than the patience of a client, few let it become short again',
  },
  { question: 'How many requests does each first try make then?', measure: 'amplification', phase: 'after' },
]

/** How many logins long a client of the rush waits. */
export const rushPatience = 20

/** A load of three times what the API can do; clients give up for good when their time is over, and do not hang up. */
export function rush(perSecond: number, own: Own): Experiment {
  const clients: ClientPolicy = { ...policies(patience(rushPatience, perSecond)).none, hangsUp: false }
  const usual = { rate: 0, logins: 0.45 * perSecond }
  return {
    ...own,
    capacity: 'login',
    settings: onlyTheQueue,
    arrivals: 'poisson',
    clients,
    phases: [
      { name: 'warm-up', ...usual, seconds: 3, warmUp: true, says: 'Warm-up: nothing is judged yet.' },
      { name: 'before', ...usual, seconds: 8, says: 'Users log in at random moments, at 45 % of what the API can do.' },
      { name: 'rise', rate: 0, logins: 1.5 * perSecond, seconds: 5, overload: true },
      { name: 'three-times', rate: 0, logins: 3 * perSecond, seconds: 12, overload: true },
      { name: 'after', ...usual, seconds: 8 },
    ],
    expectations: [worksBefore, ...own.expectations],
    predictions: [
      {
        question: 'At three times the capacity, which share of it is goodput?',
        measure: 'goodput_of_capacity',
        phase: 'three-times',
      },
      {
        question: 'Which share of the users is served then?',
        measure: 'goodput',
        phase: 'three-times',
        why: 'at three times the capacity it cannot be more than a third',
      },
      {
        question: 'Which share is served when the load is as before?',
        measure: 'goodput',
        phase: 'after',
        why: 'a queue that has grown must be worked off first; without one, service is as before at once',
      },
    ],
  }
}
