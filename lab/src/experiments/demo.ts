import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { comesBack, everyRefusalLogged, meetsGoal, nothingLost, refusesCleanly, warmUp } from './shared/presets.ts'

export function experiment({ goals, outage }: Slo): Experiment {
  const [base, peak] = [goals.baseline.rate, goals.peak.rate]
  return {
    question: 'The whole story in a minute: what happens under load, and when the database goes away twice?',
    hypothesis:
      'The goals are met. In both outages requests are refused cleanly, service comes back, and no acknowledged note is lost.',
    phases: [
      warmUp(base),
      {
        name: 'baseline',
        rate: base,
        seconds: 15,
        says: `Baseline: ${base} requests a second, 70 % read a note, 15 % list, 15 % write. Look at p95: 95 of 100 answers came faster.`,
      },
      { name: 'peak', rate: peak, seconds: 15, says: `Peak: ${peak} requests a second. Does p95 climb with the rate?` },
      {
        name: 'chmod',
        rate: base,
        seconds: 8,
        fault: 'chmod',
        says: 'First outage: the database file loses all its permissions. Look: every data request is refused with 503, at once (p95 stays small), and /health says degraded.',
      },
      { name: 'after-chmod', rate: base, seconds: 4, says: 'The permissions are back. How soon do the errors end?' },
      {
        name: 'lock',
        rate: base,
        seconds: 8,
        fault: 'lock',
        says: 'Second outage: another process locks the database for itself. Look: 503 again instead of requests that wait, and /health still answers.',
      },
      { name: 'after-lock', rate: base, seconds: 4, says: 'The lock is free again. Look how soon the errors end.' },
    ],
    expectations: [
      ...meetsGoal('baseline', goals.baseline),
      ...meetsGoal('peak', goals.peak),
      ...refusesCleanly('chmod', outage),
      comesBack('chmod', outage),
      ...refusesCleanly('lock', outage),
      comesBack('lock', outage),
      everyRefusalLogged,
      nothingLost,
    ],
    predictions: [
      {
        question: 'p95 at the baseline rate?',
        measure: 'p95',
        phase: 'baseline',
        why: 'the one thread is idle most of the time, so a request rarely waits for another one',
      },
      {
        question: 'p95 at the peak rate?',
        measure: 'p95',
        phase: 'peak',
        why: 'the thread is busier, but far from its limit: the wait hardly grows',
      },
      {
        question: 'p95 while the file may not be opened?',
        measure: 'p95',
        phase: 'chmod',
        why: 'a refusal needs no work, so it is quicker than an answer',
      },
      {
        question: 'Status of /health while the file is locked?',
        measure: 'health_status',
        phase: 'lock',
        why: '/health says 200 because the process works; "degraded" is in its body',
      },
      {
        question: 'First success after the lock is free?',
        measure: 'recovered_after',
        phase: 'lock',
        why: 'the API looks at its database again ten times a second',
      },
    ],
    level: 1,
    order: 10,
    learned:
      'The API sees that its database is away before it uses it, and refuses at once: a refusal costs less than an answer, no request waits, and service comes back by itself.',
    next: 'outage-chmod',
  }
}
