import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { meetsGoal, nothingLost, warmUp } from './shared/presets.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const phase = 'flood'
  return {
    question: 'Which clients are still served while others open connections, send slowly, and send far too much?',
    hypothesis:
      "Clients that are connected already: Node's own limits cut off what is too slow or too large before it costs memory or the one thread. They do not count connections per address, which is the work of a reverse proxy.",
    phases: [
      warmUp(rate),
      { name: 'quiet', rate, seconds: 15 },
      {
        name: phase,
        rate,
        attack: { name: 'flood', perSecond: 32 },
        seconds: 40,
        says: '400 silent connections a second; headers and bodies byte by byte, bodies of 100 MB, JSON 100,000 deep ...',
      },
      { name: 'after', rate, seconds: 15 },
    ],
    expectations: [
      ...meetsGoal('quiet', baseline),
      ...meetsGoal(phase, baseline),
      {
        measure: 'health_answered',
        phase,
        compare: '=',
        limit: 100,
        why: 'it is asked on a new connection every time, and there are fewer than the API accepts',
      },
      { measure: 'attack_kinds', phase, compare: '>=', limit: 8, why: 'each kind aims at another limit' },
      {
        measure: 'attack_refused',
        phase,
        compare: '>',
        limit: 0,
        why: 'a flood that gets no answer at all never reached the API',
      },
      {
        measure: 'attack_accepted',
        phase,
        compare: '=',
        limit: 0,
        why: 'it has no token, is too large, or is not a note',
      },
      {
        measure: 'memory_rise',
        phase,
        compare: '<',
        limit: 100,
        why: 'its container has 208 MB: beyond that the system kills the API',
      },
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      {
        question: 'p95 of the logged-in users?',
        measure: 'p95',
        phase,
        why: "Node's limits end the flood's connections before they cost much time of the one thread",
      },
      { question: 'Which share of the requests for /health is answered 200?', measure: 'health_answered', phase },
      { question: "By how many MB does the API's memory rise?", measure: 'memory_rise', phase },
    ],
    level: 3,
    order: 220,
    learned:
      'Limits of size and time protect memory and the thread. Connections are a resource of the operating system: a reverse proxy limits them per address.',
    next: 'outage-at-peak',
  }
}
