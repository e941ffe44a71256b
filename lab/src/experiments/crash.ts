import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { meetsGoal, nothingLost, warmUp } from './shared/presets.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const { rate } = baseline
  return {
    question: 'The API is killed in the middle of writing and started again: what is lost, and how long is it away?',
    hypothesis:
      'No acknowledged note is lost, because an answer waits for its commit; the API serves again within seconds.',
    phases: [
      warmUp(rate),
      { name: 'before', rate, seconds: 12 },
      {
        name: 'crash',
        rate,
        seconds: 15,
        says: 'kill -9, and a new start. Look: no answer at all, not even 503, because no process listens.',
      },
      { name: 'after', rate, seconds: 20 },
    ],
    faults: [{ kind: 'crash', at: 15, for: 0 }],
    expectations: [
      ...meetsGoal('before', baseline),
      {
        measure: 'recovered_after',
        phase: 'crash',
        compare: '<',
        limit: 10_000,
        why: 'a process starts in a second or two, on a busy machine in a few more',
      },
      ...meetsGoal('after', baseline),
      nothingLost,
    ],
    predictions: [
      { question: 'How long from the kill to the first success?', measure: 'recovered_after', phase: 'crash' },
      {
        question: 'Which share of the 15 s of requests fails?',
        measure: 'errors',
        phase: 'crash',
        why: 'requests fail only until the new process listens; the others find it as before',
      },
      { question: 'How many acknowledged notes are lost?', measure: 'notes_lost' },
      {
        question: 'p95 afterwards?',
        measure: 'p95',
        phase: 'after',
        why: 'the new process is warm after a few seconds',
      },
    ],
    level: 2,
    order: 90,
    learned:
      'A note is acknowledged after its commit is on disk, so kill -9 loses only notes that no client was promised.',
    next: 'disk-full',
  }
}
