import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { meetsGoal, nothingLost, warmUp } from './shared/presets.ts'

export function experiment({ goals: { baseline, peak }, outage }: Slo): Experiment {
  const { rate } = baseline
  return {
    question: 'What does a sudden load of ten times the usual do, and what are its after-effects?',
    hypothesis: 'Answers take longer during the spike, none fails, and ten seconds later latency is as before.',
    phases: [
      warmUp(rate),
      { name: 'before', rate, seconds: 15 },
      { name: 'spike', rate: 10 * rate, seconds: 10, overload: true },
      { name: 'catching-up', rate, seconds: 10 },
      { name: 'after', rate, seconds: 15 },
    ],
    expectations: [
      ...meetsGoal('before', baseline),
      {
        measure: 'errors',
        phase: 'spike',
        compare: '<',
        limit: 100 * peak.error_ratio,
        why: 'slower is allowed, failing is not: no more errors than at the peak',
      },
      {
        measure: 'health_slowest',
        phase: 'spike',
        compare: '<',
        limit: outage.degraded_within_ms,
        why: 'a load balancer that asks every second must not take the API for dead',
      },
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      { question: 'p95 before?', measure: 'p95', phase: 'before', why: 'the one thread is idle most of the time' },
      {
        question: 'p95 at ten times the rate?',
        measure: 'p95',
        phase: 'spike',
        why: 'more arrives than the API can serve, so every request waits for all that came before it',
      },
      { question: 'Which share of the requests fails then?', measure: 'errors', phase: 'spike' },
      {
        question: 'p95 afterwards?',
        measure: 'p95',
        phase: 'after',
        why: 'the queue is empty again: nothing is left of the spike',
      },
    ],
    level: 2,
    order: 110,
    learned:
      'A queue grows while arrivals exceed what the API can serve, and it empties only afterwards: its clients wait for the sum of both.',
    next: 'noisy-login',
  }
}
