import type { Experiment, Phase } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { warmUp } from './shared/presets.ts'

export function experiment({ goals: { peak: goal } }: Slo): Experiment {
  const { rate } = goal
  const steps = Array.from({ length: 11 }, (_, i): Phase[] => {
    const step: Phase = { name: `step-${i + 1}`, rate: 2 * rate, seconds: 3, search: { goal }, overload: true }
    // A step at twice the capacity leaves a queue of three seconds; the next one must not find it.
    const rest: Phase = { name: `rest-${i + 1}`, rate: 100, seconds: 3, warmUp: true, says: 'A rest.' }
    return [
      i > 0 ? step : { ...step, says: 'The rate is doubled until the goal is missed twice, then halved between.' },
      rest,
    ]
  })
  return {
    question: `Up to how many requests a second does the API hold p95 < ${goal.latency_ms} ms, and what is the limit?`,
    hypothesis: `Several times ${rate}; then its one thread is busy all the time, and latency leaves the goal within a few per cent.`,
    neverShorter: true, // a short overload makes no long queue
    phases: [
      warmUp(rate),
      ...steps.flat(),
      { name: 'below', rate, seconds: 6, search: { goal, confirm: 'below' }, says: 'At 80 % of what was found.' },
      {
        name: 'above',
        rate,
        seconds: 6,
        search: { goal, confirm: 'above' },
        overload: true,
        says: 'At 125 % of the limit.',
      },
    ],
    expectations: [
      {
        ...{ measure: 'goal_met_up_to', compare: '>=', limit: rate },
        why: 'the goal of the peak must hold with something in reserve',
      },
      { measure: 'p95', phase: 'below', compare: '<', limit: goal.latency_ms, why: 'what was found can be repeated' },
      {
        ...{ measure: 'p95', phase: 'above', compare: '>=', limit: goal.latency_ms },
        why: 'beyond the limit a queue grows as long as the load lasts',
      },
    ],
    predictions: [
      {
        question: 'Up to which rate is the goal met?',
        measure: 'goal_met_up_to',
        why: 'one thread, and about a tenth of a millisecond of its time for each request',
      },
      { question: 'p95 at 80 % of it?', measure: 'p95', phase: 'below', why: 'below the knee hardly anything waits' },
      { question: 'p95 at 125 % of the limit?', measure: 'p95', phase: 'above', why: 'the queue grows by the second' },
    ],
    level: 3,
    order: 280,
    learned:
      'Latency is no slope but a cliff: nearly flat up to the capacity, and a growing queue beyond. So a goal needs a reserve, and the rate of the last good measurement is not it.',
    next: 'queue',
  }
}
