import { warmUp } from '../experiments/shared/presets.ts'
import type { Tradeoff } from '../runner/tradeoff.ts'
import type { Slo } from '../slo.ts'

export function tradeoff({ goals: { baseline } }: Slo): Tradeoff {
  const { rate } = baseline
  const phase = 'lock'
  return {
    question: 'When the database is locked: refuse at once, or wait for the lock?',
    decision:
      'Refuse at once (a busy timeout of 0): SQLite waits on the only JavaScript thread, so one request that waits freezes all of them. Decide for waiting where a process has nothing else to do, such as a batch job or a worker thread of its own.',
    variants: [
      { name: 'refuse', settings: { BUSY_TIMEOUT_MS: '0' } },
      { name: 'wait', settings: { BUSY_TIMEOUT_MS: '5000' } },
    ],
    phases: [
      warmUp(rate),
      { name: 'quiet', rate, seconds: 6 },
      // More than ten seconds of waiting requests would exceed what the load keeps waiting.
      { name: phase, rate, seconds: 4, fault: 'lock' },
      { name: 'after', rate, seconds: 6 },
    ],
    compared: [
      {
        measure: 'p95',
        phase,
        better: 'refuse',
        why: 'a refusal costs no work, a request that waits holds up all others',
      },
      { measure: 'health_slowest', phase, better: 'refuse', why: '/health needs no database, but the same thread' },
      { measure: 'errors', phase, better: 'wait', why: 'a lock that ends before the busy timeout refuses no request' },
      { measure: 'longest_gap', phase, better: 'neither', why: 'no way of waiting ends the lock any sooner' },
      { measure: 'p95', phase: 'quiet', better: 'neither', why: 'without a lock there is nothing to wait for' },
    ],
    unmeasured:
      'What the clients do: one that repeats a refused request after a pause is served as soon as the lock is free, while one that waits may have given up long ago.',
    order: 20,
  }
}
