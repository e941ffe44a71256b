import { limitsOf } from '../../load/figures.ts'
import type { Expectation, Experiment, Phase, Prediction } from '../../runner/experiment.ts'
import type { Goal, Slo } from '../../slo.ts'

// What many experiments have in common, so that each file holds only what is its own.

/** Three seconds without a verdict. */
export function warmUp(rate: number): Phase {
  const says = 'Warm-up. The API has just started and its first answers are slow: nothing is judged yet.'
  return { name: 'warm-up', rate, seconds: 3, warmUp: true, says }
}

/** The phases of every outage, so that any two of them can be compared. The name of the third is `outage`. */
export function outagePhases(rate: number, outage: Pick<Phase, 'fault' | 'says'>): Phase[] {
  return [
    warmUp(rate),
    { name: 'before', rate, seconds: 12 },
    // With a busy timeout every request waits: more than ten seconds of them would exceed what the load keeps waiting.
    { name: 'outage', rate, seconds: 8, ...outage },
    { name: 'after', rate, seconds: 15 },
  ]
}

/** An attack between quiet times with the usual load, so that it can be compared with them. */
export function attackPhases(attack: Phase): Phase[] {
  const { rate, logins } = attack
  const usual = logins ? { rate, logins } : { rate }
  return [warmUp(rate), { name: 'quiet', ...usual, seconds: 15 }, attack, { name: 'after', ...usual, seconds: 10 }]
}

type OwnPart = Required<Pick<Phase, 'fault' | 'says'>> &
  Pick<Experiment, 'question' | 'hypothesis' | 'level' | 'order' | 'learned' | 'next'>

/** An outage in which no data request can be served, at the baseline rate. */
export function totalOutage({ goals: { baseline }, outage }: Slo, own: OwnPart): Experiment {
  const { fault, says, ...rest } = own
  return {
    ...rest,
    phases: outagePhases(baseline.rate, { fault, says }),
    expectations: [
      ...meetsGoal('before', baseline),
      ...refusesCleanly('outage', outage),
      comesBack('outage', outage),
      fastAgain('after', baseline),
      everyRefusalLogged,
      nothingLost,
    ],
    predictions: outagePredictions('outage'),
  }
}

/** An outage that stops writes only. */
export function writesOutage({ goals: { baseline }, outage }: Slo, reads: string, writes: string): Expectation[] {
  const phase = 'outage'
  return [
    ...meetsGoal('before', baseline),
    { measure: 'reads_served', phase, compare: '=', limit: 100, why: reads },
    { measure: 'writes_refused', phase, compare: '=', limit: 100, why: writes },
    isNoticed(phase, outage, 'half of the service is gone, and /health must say so'),
    { measure: 'health_read_only', phase, compare: '=', limit: 100, why: 'a client can go on reading when it knows' },
    comesBack(phase, outage),
    nothingLost,
  ]
}

/** The goal of slo.json for a phase. */
export function meetsGoal(phase: string, goal: Goal): Expectation[] {
  const why = 'the goal in slo.json'
  return limitsOf(goal).map(({ measure, compare, limit }) => ({ measure, compare, limit, phase, why }))
}

/** What is expected while no data request can be served. */
export function refusesCleanly(phase: string, outage: Slo['outage']): Expectation[] {
  const all = { phase, compare: '=', limit: 100 } as const
  const soon = { phase, compare: '<', limit: outage.refusal_p99_ms } as const
  return [
    { ...all, measure: 'refused', why: 'a success now would be a lie, any other answer a bug of the API' },
    { ...soon, measure: 'p99', why: 'a refusal costs no work, and clients that wait pile up' },
    isNoticed(phase, outage, 'a monitor that reads the body every second should know at its next question'),
    { ...all, measure: 'health_answered', why: '/health never touches the database: the process is alive and says so' },
    { measure: 'db_errors', phase, compare: '>', limit: 0, why: 'the outage must show in the metrics too' },
  ]
}

function isNoticed(phase: string, { degraded_within_ms: limit }: Slo['outage'], why: string): Expectation {
  return { measure: 'degraded_after', phase, compare: '<', limit, why }
}

/** What is expected of the end of an outage. */
export function comesBack(phase: string, { recovered_within_ms: limit }: Slo['outage']): Expectation {
  const why = 'service comes back by itself, without a restart'
  return { measure: 'recovered_after', phase, compare: '<', limit, why }
}

/** What is expected after an outage. */
export function fastAgain(phase: string, { latency_ms: limit }: Goal): Expectation {
  return { measure: 'p95', phase, compare: '<', limit, why: 'an outage that is over has no after-effects' }
}

export const nothingLost: Expectation = { measure: 'notes_lost', compare: '=', limit: 0, why: 'a 201 is a promise' }

export const everyRefusalLogged: Expectation = {
  measure: 'refusals_logged',
  compare: '=',
  limit: 100,
  why: 'every refused request must be found in the log too',
}

/** What is expected of an attack whose attempts must all look alike. */
export function nothingLearned(phase: string): Expectation {
  const why = 'an answer that differs tells an attacker which attempt came closer'
  return { measure: 'refusals_differ', phase, compare: '=', limit: 1, why }
}

/** The questions to ask before an outage. */
export function outagePredictions(phase: string): Prediction[] {
  return [
    {
      question: 'How long until /health says degraded?',
      measure: 'degraded_after',
      phase,
      why: 'the API looks at its database many times a second, and each use that fails tells it too',
    },
    {
      question: 'Which share of the data requests is answered 503 meanwhile?',
      measure: 'refused',
      phase,
      why: 'the API notices at every use that its database is away: no request gets through, none waits',
    },
    {
      question: 'What is p95 of the data requests meanwhile?',
      measure: 'p95',
      phase,
      why: 'a refusal needs no work, so it is quicker than an answer',
    },
    {
      question: 'Which status does /health have meanwhile?',
      measure: 'health_status',
      phase,
      why: '/health says 200 because the process works; "degraded" is in its body',
    },
    {
      question: 'How long from the end of the fault to the first success?',
      measure: 'recovered_after',
      phase,
      why: 'the API looks at its database again ten times a second',
    },
  ]
}
