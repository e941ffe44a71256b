import type { Experiment } from '../runner/experiment.ts'
import { meetsGoal, nothingLost, warmUp } from '../runner/presets.ts'
import type { Slo } from '../slo.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate, duration_seconds, latency_ms } = baseline
  return {
    question: `Does the API meet its goal on an ordinary day, at ${rate} requests a second?`,
    hypothesis: `p95 stays far below ${latency_ms} ms, and nothing fails.`,
    phases: [warmUp(rate), { name: 'baseline', rate, seconds: duration_seconds }],
    expectations: [
      ...meetsGoal('baseline', baseline),
      {
        measure: 'health_answered',
        phase: 'baseline',
        compare: '=',
        limit: 100,
        why: 'a load balancer asks /health under load too',
      },
      nothingLost,
    ],
    predictions: [
      { question: 'Half of the answers come within how many ms (p50)?', measure: 'p50', phase: 'baseline' },
      { question: 'And 95 of 100 (p95)?', measure: 'p95', phase: 'baseline' },
      { question: 'And 99 of 100 (p99)?', measure: 'p99', phase: 'baseline' },
    ],
    level: 1,
    order: 2,
    learned: 'At this rate the thread is idle most of the time, so a request rarely waits for another one.',
    next: 'peak',
  }
}
