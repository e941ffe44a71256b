import { warmUp } from '../experiments/shared/presets.ts'
import type { Tradeoff } from '../runner/tradeoff.ts'
import type { Slo } from '../slo.ts'

export function tradeoff(_slo: Slo, perSecond = 4_000): Tradeoff {
  // The more writes there are, the more often two commits meet.
  const rate = 0.3 * perSecond
  const phase = 'quiet'
  return {
    question: 'Two processes of the API: on one SQLite file, or on one PostgreSQL?',
    decision:
      'PostgreSQL as soon as there are two: it locks rows, not the whole database, and lets a writer wait without holding up anyone else.',
    capacity: 'data',
    variants: [
      { name: 'sqlite', settings: {}, processes: 2 },
      { name: 'postgres', settings: {}, postgres: true, processes: 2 },
    ],
    phases: [warmUp(rate), { name: phase, rate, seconds: 10 }],
    compared: [
      { measure: 'errors', phase, better: 'postgres', why: 'each write locks its own row' },
      { measure: 'health_answered', phase, better: 'neither', why: '/health needs no database' },
    ],
    unmeasured: 'The connections: each process has a pool of its own, and the server has a limit for all of them.',
    order: 50,
  }
}
