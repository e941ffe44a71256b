import { warmUp } from '../experiments/shared/presets.ts'
import type { Tradeoff } from '../runner/tradeoff.ts'
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
    phases: [warmUp(rate), { name: phase, rate, seconds: 10 }],
    compared: [
      { measure: 'read_p50', phase, better: 'sqlite', why: 'a read needs no way to a server and back' },
      { measure: 'memory', phase, better: 'neither', why: 'a pool of connections is small' },
      { measure: 'errors', phase, better: 'neither', why: 'either serves this load' },
    ],
    unmeasured:
      "The server's own processor time and memory, which are not in the API's figures; and what there is to operate: updates, backups, users, connections, a network that can fail.",
    order: 2,
  }
}
