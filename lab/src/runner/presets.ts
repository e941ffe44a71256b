import { limitsOf } from '../load/goal.ts'
import type { Goal, Slo } from '../slo.ts'
import type { Expectation, Phase, Prediction } from './experiment.ts'

// What many experiments have in common, so that each file holds only what is its own.

/** Three seconds in which nothing is judged. */
export function warmUp(rate: number): Phase {
  const says = 'Warm-up. The API has just started and its first answers are slow: nothing is judged yet.'
  return { name: 'warm-up', rate, seconds: 3, warmUp: true, says }
}

/** What slo.json asks of a phase. */
export function meetsGoal(phase: string, goal: Goal): Expectation[] {
  const why = 'the goal in slo.json'
  return limitsOf(goal).map(({ measure, compare, limit }) => ({ measure, compare, limit, phase, why }))
}

/** An outage in which no data request can be served. */
export function refusesCleanly(phase: string, { refusal_p99_ms, degraded_within_ms }: Slo['outage']): Expectation[] {
  return [
    {
      measure: 'refused',
      phase,
      compare: '=',
      limit: 100,
      why: 'a success now would be a lie, any other answer a fault of the API',
    },
    {
      measure: 'p99',
      phase,
      compare: '<',
      limit: refusal_p99_ms,
      why: 'a refusal costs no work, and clients that wait pile up',
    },
    {
      measure: 'degraded_after',
      phase,
      compare: '<',
      limit: degraded_within_ms,
      why: 'a load balancer that asks every second should know at its next question',
    },
    {
      measure: 'health_answered',
      phase,
      compare: '=',
      limit: 100,
      why: '/health never touches the database: the process is alive and says so',
    },
    {
      measure: 'db_errors',
      phase,
      compare: '>',
      limit: 0,
      why: 'whoever only sees the metrics must see the outage too',
    },
  ]
}

/** The end of an outage. */
export function comesBack(phase: string, { recovered_within_ms }: Slo['outage']): Expectation {
  return {
    measure: 'recovered_after',
    phase,
    compare: '<',
    limit: recovered_within_ms,
    why: 'service comes back by itself, without a restart',
  }
}

export const nothingLost: Expectation = {
  measure: 'notes_lost',
  compare: '=',
  limit: 0,
  why: 'a 201 is a promise',
}

export const everyRefusalLogged: Expectation = {
  measure: 'refusals_logged',
  compare: '=',
  limit: 100,
  why: 'whoever only reads the log must find every refused request',
}

/** The questions to ask before an outage. */
export function outagePredictions(phase: string): Prediction[] {
  return [
    { question: 'How long until /health says degraded?', measure: 'degraded_after', phase },
    { question: 'Which share of the data requests is answered 503 meanwhile?', measure: 'refused', phase },
    { question: 'What is p95 of the data requests meanwhile?', measure: 'p95', phase },
    { question: 'Which status does /health have meanwhile?', measure: 'health_status', phase },
    { question: 'How long from the end of the fault to the first success?', measure: 'recovered_after', phase },
  ]
}

/** Of an attack whose attempts must all look alike. */
export function nothingLearned(phase: string): Expectation {
  const why = 'an answer that differs tells an attacker which attempt came closer'
  return { measure: 'attack_answers', phase, compare: '=', limit: 1, why }
}
