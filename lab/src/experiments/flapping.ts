import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { comesBack, everyRefusalLogged, meetsGoal, nothingLost, refusesCleanly, warmUp } from './shared/presets.ts'

export function experiment({ goals: { baseline }, outage }: Slo): Experiment {
  const { rate } = baseline
  const phase = 'flapping'
  return {
    question: 'A database that comes and goes: does the API ever get stuck?',
    hypothesis: 'Every one of five short outages is noticed, refused and survived like the first one.',
    phases: [
      warmUp(rate),
      { name: 'before', rate, seconds: 7 },
      { name: phase, rate, seconds: 30, says: 'Five short outages, each of another kind than the one before.' },
      { name: 'after', rate, seconds: 10 },
    ],
    faults: [
      { kind: 'chmod', at: 10, for: 3 },
      { kind: 'lock', at: 16, for: 3 },
      { kind: 'move', at: 22, for: 3 },
      { kind: 'lock', at: 28, for: 3 },
      { kind: 'chmod', at: 34, for: 3 },
    ],
    expectations: [
      ...meetsGoal('before', baseline),
      ...refusesCleanly(phase, outage),
      comesBack(phase, outage),
      {
        measure: 'errors',
        phase: 'after',
        compare: '<',
        limit: 100 * baseline.error_ratio,
        why: 'after the last outage everything is as before',
      },
      everyRefusalLogged,
      nothingLost,
    ],
    predictions: [
      { question: 'How long until the slowest of the five is noticed by /health?', measure: 'degraded_after', phase },
      { question: 'How long until the slowest recovery?', measure: 'recovered_after', phase },
      {
        question: 'What is the longest time without a success?',
        measure: 'longest_gap',
        phase,
        why: 'one fault and its recovery; each of the five is over before the next one begins',
      },
    ],
    level: 3,
    order: 180,
    learned: 'Every outage is detected and recovered by the same check, so the fifth one is no harder than the first.',
    next: 'brute-force-distributed',
  }
}
