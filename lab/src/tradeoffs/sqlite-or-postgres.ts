import { warmUp } from '../experiments/shared/presets.ts'
import { neither, type Tradeoff } from '../runner/tradeoff.ts'
import type { Slo } from '../slo.ts'

export function tradeoff({ goals: { baseline } }: Slo): Tradeoff {
  const { rate } = baseline
  const phase = 'quiet'
  return {
    question: 'SQLite in the process, or a PostgreSQL server?',
    decision:
      'SQLite: a file, and nothing to operate. Decide for PostgreSQL when a second process or machine must write, or when writes keep readers waiting.',
    variants: [
      { name: 'sqlite', settings: {} },
      { name: 'postgres', settings: {}, postgres: true },
    ],
    phases: [
      warmUp(rate),
      { name: phase, rate, seconds: 10 },
      { name: 'lock', rate, seconds: 4, fault: 'lock' },
      { name: 'after', rate, seconds: 3 },
      // More than either can serve, so that the answers per second are its capacity.
      { name: 'busy', rate: 16 * rate, seconds: 8, overload: true },
    ],
    compared: [
      { measure: 'read_p50', phase, better: 'sqlite', why: 'a read needs no way to a server and back' },
      {
        measure: 'write_p50',
        phase,
        better: 'postgres',
        why: 'its log is synced once a commit, the rollback journal of SQLite several times',
      },
      { measure: 'memory', phase, better: neither, why: 'a pool of connections is small' },
      { measure: 'errors', phase, better: neither, why: 'either serves this load' },
      { measure: 'refused', phase: 'lock', better: neither, why: 'either API refuses at once what is locked' },
      { measure: 'served_per_second', phase: 'busy', better: 'sqlite', why: 'a query costs no messages to a server' },
      { measure: 'notes_per_second', phase: 'busy', better: 'sqlite', why: 'the writes of a moment share a commit' },
    ],
    unmeasured:
      "The server's own processor time and memory, which are not in the API's figures; and what there is to operate: updates, backups, users, connections, a network that can fail.",
    order: 2,
  }
}
