import { type ClientPolicy, policies } from '../../load/client-policy.ts'
import type { Expectation, Experiment, Phase, Prediction } from '../../runner/experiment.ts'

// Overload of the logins: one password hash at a time makes them a server with one queue. All loads are relative to what
// it can do, so that a fast machine and a slow one show the same.

/** Logins per second of an ordinary machine, for lists and lengths, before the real figure is measured. */
export const usualLogins = 45

type Own = Pick<Experiment, 'question' | 'hypothesis' | 'expectations' | 'level' | 'order' | 'learned' | 'next'>

/** How long a client waits, in milliseconds: as long as so many logins take. */
export function patience(logins: number, perSecond: number): number {
  return (1000 * logins) / perSecond
}

type PolicyName = keyof ReturnType<typeof policies>

/** Clients do not hang up: behind a proxy that does not pass it on, the API works for clients that have gone. */
function clientsWith(policy: PolicyName, timeoutMs: number): ClientPolicy {
  return { ...policies(timeoutMs)[policy], hangsUp: false }
}

/** As clients of the burst do it. */
export function burstClients(policy: PolicyName, perSecond: number): ClientPolicy {
  return clientsWith(policy, patience(17.5, perSecond))
}

/** A burst of three seconds over a load that the API can take. */
export function burstPhases(perSecond: number): Phase[] {
  const usual = { rate: 0, logins: 0.45 * perSecond }
  return [
    { name: 'warm-up', ...usual, seconds: 3, warmUp: true, says: 'Warm-up: nothing is judged yet.' },
    { name: 'before', ...usual, seconds: 8, says: 'Users log in at random moments, at 45 % of what the API can do.' },
    {
      ...{ name: 'burst', rate: 0, logins: 5 * usual.logins, seconds: 3, overload: true },
      says: 'Five times as many, for three seconds.',
    },
    { name: 'after', ...usual, seconds: 20, says: 'The burst is over, the load is as before. Look at what succeeds.' },
  ]
}

/** The burst, as clients with one policy meet it. */
export function burst(perSecond: number, policy: PolicyName, own: Own): Experiment {
  return {
    ...own,
    capacity: 'login',
    arrivals: 'poisson',
    clients: burstClients(policy, perSecond),
    phases: burstPhases(perSecond),
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

/** How long a client of the rush waits, in milliseconds. */
export function rushPatience(perSecond: number): number {
  return Math.round(patience(20, perSecond))
}

/** Clients of the rush give up for good when their time is over. */
export function rushClients(perSecond: number): ClientPolicy {
  return clientsWith('none', rushPatience(perSecond))
}

/** The setting with which the API refuses what would wait for longer than half of that. */
export function shedding(perSecond: number) {
  return { SHED_AFTER_MS: String(Math.round(rushPatience(perSecond) / 2)) }
}

/** A load of three times what the API can do. */
export function rushPhases(perSecond: number): Phase[] {
  const usual = { rate: 0, logins: 0.45 * perSecond }
  return [
    { name: 'warm-up', ...usual, seconds: 3, warmUp: true, says: 'Warm-up: nothing is judged yet.' },
    { name: 'before', ...usual, seconds: 8, says: 'Users log in at random moments, at 45 % of what the API can do.' },
    { name: 'rise', rate: 0, logins: 1.5 * perSecond, seconds: 5, overload: true },
    { name: 'three-times', rate: 0, logins: 3 * perSecond, seconds: 12, overload: true },
    { name: 'after', ...usual, seconds: 8 },
  ]
}

export function rush(perSecond: number, own: Own): Experiment {
  return {
    ...own,
    capacity: 'login',
    arrivals: 'poisson',
    clients: rushClients(perSecond),
    phases: rushPhases(perSecond),
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
