import { warmUp } from '../experiments/shared/presets.ts'
import { neither, type Tradeoff } from '../runner/tradeoff.ts'
import type { Slo } from '../slo.ts'

export function tradeoff({ goals: { baseline } }: Slo): Tradeoff {
  const { rate } = baseline
  const phase = 'lock'
  return {
    question: "SQLite's rollback journal, or its write-ahead log (WAL)?",
    decision:
      'The rollback journal: one file, and after a commit everything is in it, so it can be copied and moved as one. Decide for WAL when reads must go on while another process writes, or when writes are frequent.',
    variants: [
      { name: 'rollback', settings: { JOURNAL_MODE: 'delete' } },
      { name: 'wal', settings: { JOURNAL_MODE: 'wal' } },
    ],
    phases: [
      warmUp(rate),
      { name: 'quiet', rate, seconds: 10 },
      { name: phase, rate, seconds: 6, fault: 'lock' },
      { name: 'after', rate, seconds: 3 },
    ],
    compared: [
      { measure: 'write_p50', phase: 'quiet', better: 'wal', why: 'a commit appends to one file and syncs it once' },
      { measure: 'read_p95', phase: 'quiet', better: neither, why: 'at this rate a read rarely meets a commit' },
      { measure: 'memory', phase: 'quiet', better: neither, why: 'both keep the same pages in memory' },
      {
        measure: 'reads_served',
        phase,
        better: 'wal',
        why: 'a reader uses the last committed state and needs no lock',
      },
      { measure: 'writes_refused', phase, better: neither, why: 'there is one writer in either mode' },
    ],
    unmeasured:
      'WAL keeps committed data in a second file until a checkpoint: a copy of notes.db alone is not a backup. It needs shared memory, so it does not work on a network file system.',
    order: 10,
  }
}
