import { warmUp } from '../experiments/shared/presets.ts'
import type { Tradeoff } from '../runner/tradeoff.ts'
import type { Slo } from '../slo.ts'

export function tradeoff({ goals: { baseline } }: Slo): Tradeoff {
  const { rate } = baseline
  return {
    question: 'Metrics of the last hour: in memory, or in a table of the database?',
    decision:
      'In memory. Decide for a table only if the numbers must outlive the process and nothing scrapes them from outside.',
    variants: [
      { name: 'memory', settings: { METRICS_EVENTS: 'memory' } },
      { name: 'table', settings: { METRICS_EVENTS: 'sqlite' } },
    ],
    phases: [
      warmUp(rate),
      { name: 'quiet', rate, seconds: 5 },
      { name: 'lock', rate, seconds: 6, fault: 'lock' },
      { name: 'after', rate, seconds: 3, readEvents: true },
      { name: 'calm', rate, seconds: 2 },
      { name: 'crash', rate, seconds: 3, fault: 'crash' },
      { name: 'restarted', rate, seconds: 5, readEvents: true },
    ],
    compared: [
      {
        measure: 'seconds_kept',
        phase: 'after',
        better: 'memory',
        why: 'a locked database takes no rows: the outage is missing',
      },
      { measure: 'seconds_kept', phase: 'restarted', better: 'table', why: 'kill -9 ends what only memory knew' },
      {
        measure: 'cpu_per_request',
        phase: 'quiet',
        better: 'neither',
        why: 'a few rows a second are little beside 300 requests',
      },
    ],
    unmeasured: 'Prometheus scrapes from outside and keeps what it has read: it is the answer to both losses.',
    order: 3,
  }
}
