import { seededRandom } from '../load/open-loop.ts'
import type { Experiment, Phase } from '../runner/experiment.ts'

export type Level = 1 | 2 | 3

/** What may go wrong. `alert`: the one that fires in the stack; `why`: how the numbers show it. */
export const troubles = {
  outage: {
    says: 'the database is gone: no data request can be served',
    alert: 'DatabaseUnavailable',
    why: 'Nearly every request failed, and p95 went down, not up: a refusal is quicker than an answer. /health said degraded.',
  },
  'read-only': {
    says: 'the database can be read, but not written',
    alert: 'DatabaseReadOnly',
    why: 'Only about 15 of 100 requests failed: that is the share of writes in this load. /health said degraded.',
  },
  frozen: {
    says: 'the API waits for its database, and everything stands still',
    alert: 'EventLoopBlocked',
    why: 'Nothing was answered, not even /health. Then all answers came at once, and late: p95 shows the whole wait. An API that was killed answers nothing either, but what it had not answered fails.',
  },
  crash: {
    says: 'the API was killed and started again',
    alert: 'ApiDown',
    why: 'Requests failed at once and /health gave no answer, because no process listened. A new process then served as before.',
  },
  overload: {
    says: 'too many requests: clients send far more than before',
    alert: 'LatencyOverGoal',
    why: 'The number that moved first was "sent" (offered). The API did nothing wrong, the others only followed.',
  },
}
export type Trouble = keyof typeof troubles

const byLevel: Record<Level, { among: Trouble[]; seconds: number; times: number }> = {
  1: { among: ['outage', 'crash', 'overload'], seconds: 10, times: 10 },
  2: { among: ['outage', 'read-only', 'frozen', 'crash', 'overload'], seconds: 6, times: 8 },
  3: { among: ['read-only', 'frozen', 'crash', 'overload'], seconds: 3, times: 5 },
}

/**
 * An experiment that says nothing of what it does; the same for the same seed and level. On level 3 the load rises by half for
 * a while before, which is no trouble.
 */
export function mystery(seed: number, level: Level, rate: number): { trouble: Trouble; experiment: Experiment } {
  const random = seededRandom(10 * seed + level)
  const below = (n: number) => Math.floor(random() * n)
  const { among, seconds, times } = byLevel[level]
  const trouble = among[below(among.length)] ?? 'outage'
  // The detectors know after ten quiet seconds what is usual.
  const at = 18 + below(10)
  const fault = (['lock', 'chmod', 'move'] as const)[below(3)]
  const changes: Record<Trouble, Pick<Experiment, 'settings' | 'faults'> & { phase?: Partial<Phase> }> = {
    outage: { phase: { fault } },
    'read-only': { phase: { fault: 'readonly' } },
    frozen: { phase: { fault: 'lock' }, settings: { BUSY_TIMEOUT_MS: '5000' } },
    crash: { faults: [{ kind: 'crash', at, for: 0 }] },
    overload: { phase: { rate: times * rate, overload: true } },
  }
  const { phase, ...others } = changes[trouble]
  const before: Phase[] =
    level < 3
      ? [{ name: 'before', rate, seconds: at - 3 }]
      : [
          { name: 'before', rate, seconds: at - 13 },
          { name: 'busier', rate: 1.5 * rate, seconds: 4 },
          { name: 'as-before', rate, seconds: 6 },
        ]
  const phases: Phase[] = [
    { name: 'warm-up', rate, seconds: 3, warmUp: true, says: 'Watch the numbers. Something will go wrong.' },
    ...before,
    { name: 'trouble', rate, seconds, ...phase },
    { name: 'after', rate, seconds: 45 - at - seconds },
  ]
  const experiment: Experiment = {
    question: 'What goes wrong, since when, and which number shows it first?',
    hypothesis: '',
    ...others,
    unannounced: true,
    phases,
    expectations: [{ measure: 'notes_lost', compare: '=', limit: 0, why: 'a 201 is a promise' }],
    predictions: [],
    level,
    order: 0,
    learned: troubles[trouble].why,
    next: '',
  }
  return { trouble, experiment }
}
