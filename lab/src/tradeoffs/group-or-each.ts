import { warmUp } from '../experiments/shared/presets.ts'
import { neither, type Tradeoff } from '../runner/tradeoff.ts'
import type { Slo } from '../slo.ts'

export function tradeoff(_slo: Slo, perSecond = 4_000): Tradeoff {
  const phase = 'busy'
  return {
    question: 'Share one commit among the writes of a moment, or commit each by itself?',
    decision:
      'Shared (group commit): a commit waits for the disk, and the only JavaScript thread waits with it. Decide for single commits where a write must never fail because of another one.',
    capacity: 'data',
    variants: [
      { name: 'group', settings: { GROUP_COMMIT: 'on' } },
      { name: 'each', settings: { GROUP_COMMIT: 'off' } },
    ],
    // More than the API can do: the more requests wait, the more writes are in one turn.
    phases: [warmUp(0.5 * perSecond), { name: phase, rate: 1.3 * perSecond, seconds: 8, overload: true }],
    compared: [
      { measure: 'notes_per_commit', phase, better: 'group', why: 'all writes of a turn of the event loop share one' },
      {
        measure: 'notes_per_second',
        phase,
        better: 'group',
        why: 'a commit waits for the disk, however many share it',
      },
      { measure: 'read_p95', phase, better: 'group', why: 'while the thread waits for the disk, reads wait too' },
      { measure: 'cpu_per_request', phase, better: 'group', why: 'fewer commits are less work' },
      { measure: 'memory', phase, better: neither, why: 'only the waiting writes are kept' },
    ],
    unmeasured:
      'How fast the disk is: on one that syncs in a microsecond (a disk in memory) the two differ little. Below the capacity too: there few writes come in the same turn.',
    order: 60,
  }
}
