import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { meetsGoal, nothingLost, warmUp } from './shared/presets.ts'

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
      {
        question: 'Half of the answers come within how many ms (p50)?',
        measure: 'p50',
        phase: 'baseline',
        why: 'one request needs less than a millisecond of work; the rest is the way there and back',
      },
      {
        question: 'And 95 of 100 (p95)?',
        measure: 'p95',
        phase: 'baseline',
        why: 'now and then a request waits for another one, or for a write to reach the disk',
      },
      {
        question: 'And 99 of 100 (p99)?',
        measure: 'p99',
        phase: 'baseline',
        why: 'the slowest ones met a flush to the disk or another program on this machine',
      },
    ],
    level: 1,
    order: 20,
    learned: 'At this rate the thread is idle most of the time, so a request rarely waits for another one.',
    next: 'peak',
  }
}
