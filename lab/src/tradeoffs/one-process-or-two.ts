import { warmUp } from '../experiments/shared/presets.ts'
import type { Tradeoff } from '../runner/tradeoff.ts'
import type { Slo } from '../slo.ts'

export function tradeoff(_slo: Slo, perSecond = 4_000): Tradeoff {
  // The more writes there are, the more often two commits meet.
  const rate = 0.3 * perSecond
  const phase = 'quiet'
  return {
    question: 'Two processes of the API on one SQLite file?',
    decision:
      'One process. SQLite has one writer at a time, and an API that refuses at once what is locked (refuse-or-wait) refuses what meets the commit of the other process. Decide for two with PostgreSQL: two-on-sqlite-or-postgres.',
    capacity: 'data',
    variants: [
      { name: 'one', settings: {} },
      { name: 'two', settings: {}, processes: 2 },
    ],
    phases: [warmUp(rate), { name: phase, rate, seconds: 10 }],
    compared: [
      { measure: 'errors', phase, better: 'one', why: 'while one process commits, the other cannot use the file' },
      { measure: 'health_answered', phase, better: 'neither', why: '/health needs no database' },
    ],
    unmeasured: 'A second process goes on when the first one ends: an update without a pause.',
    order: 40,
  }
}
