import { warmUp } from '../experiments/shared/presets.ts'
import type { Tradeoff } from '../runner/tradeoff.ts'
import type { Slo } from '../slo.ts'

export function tradeoff({ goals: { peak } }: Slo): Tradeoff {
  const rate = 3 * peak.rate
  const phase = 'busy'
  return {
    question: 'Share one commit among the writes of a moment, or commit each by itself?',
    decision:
      'Shared (group commit): a commit waits for the disk, and the only JavaScript thread waits with it. Decide for single commits where a write must never fail because of another one.',
    variants: [
      { name: 'group', settings: { GROUP_COMMIT: 'on' } },
      { name: 'each', settings: { GROUP_COMMIT: 'off' } },
    ],
    phases: [warmUp(rate), { name: phase, rate, seconds: 8, overload: true }],
    compared: [
      { measure: 'notes_per_commit', phase, better: 'group', why: 'all writes of a turn of the event loop share one' },
      { measure: 'memory', phase, better: 'neither', why: 'only the waiting writes are kept' },
    ],
    unmeasured: 'How fast the disk is: on one that syncs in a microsecond (a disk in memory) the two differ little.',
    order: 60,
  }
}
