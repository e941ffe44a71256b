import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { meetsGoal, nothingLost, warmUp } from './shared/presets.ts'

export function experiment({ goals: { baseline, peak } }: Slo): Experiment {
  const seconds = peak.duration_seconds
  return {
    question: `Does the API hold its goal at ${peak.rate} requests a second for ${seconds} s?`,
    hypothesis: 'p95 hardly differs from an ordinary day: the API is far from its limit, and nothing grows with time.',
    phases: [
      warmUp(baseline.rate),
      { name: 'before', rate: baseline.rate, seconds: 10 },
      { name: 'peak', rate: peak.rate, seconds },
    ],
    expectations: [...meetsGoal('before', baseline), ...meetsGoal('peak', peak), nothingLost],
    predictions: [
      {
        question: `p95 at ${baseline.rate} requests a second?`,
        measure: 'p95',
        phase: 'before',
        why: 'the one thread is idle most of the time',
      },
      {
        question: `p95 at ${peak.rate} requests a second?`,
        measure: 'p95',
        phase: 'peak',
        why: 'the thread is busier, but far from its limit: the wait hardly grows',
      },
      {
        question: `p99 at ${peak.rate} requests a second?`,
        measure: 'p99',
        phase: 'peak',
        why: 'the slowest ones met a flush to the disk or another program on this machine',
      },
    ],
    level: 1,
    order: 30,
    learned:
      'Latency rises with the share of time in which the one thread is busy, not with the rate itself. There is still room.',
    next: 'spike',
  }
}
