import type { Experiment } from '../runner/experiment.ts'
import { meetsGoal, nothingLost, warmUp } from '../runner/presets.ts'
import type { Slo } from '../slo.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  const phase = 'flood'
  return {
    question: 'Who is still served while strangers open connections, dawdle, and send far too much?',
    hypothesis:
      'Everybody: whoever dawdles or sends too much is cut off before it costs memory or the one thread, and whoever only sits there makes room for who comes.',
    phases: [
      warmUp(rate),
      { name: 'quiet', rate, seconds: 15 },
      {
        name: phase,
        rate,
        attack: { name: 'flood', perSecond: 32 },
        seconds: 40,
        says: '400 connections a second that say nothing; headers and bodies byte by byte, bodies of 100 MB, JSON 100,000 deep ...',
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
        why: 'it is asked on a new connection every time, and nobody is refused one because there are many',
      },
      { measure: 'attack_kinds', phase, compare: '>=', limit: 8, why: 'each kind aims at another limit' },
      {
        measure: 'attack_refused',
        phase,
        compare: '>=',
        limit: 25,
        why: 'a flood that gets no answer at all never reached the API',
      },
      { measure: 'attack_accepted', phase, compare: '=', limit: 0, why: 'it is nobody’s, too much, or no note' },
      {
        measure: 'memory_rise',
        phase,
        compare: '<',
        limit: 100,
        why: 'the container has 208 MB: whoever takes more of it is killed, and everybody with it',
      },
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      { question: 'p95 of those who are logged in?', measure: 'p95', phase },
      { question: 'Which share of the questions to /health is answered 200?', measure: 'health_answered', phase },
      { question: "By how many MB does the API's memory rise?", measure: 'memory_rise', phase },
    ],
  }
}
