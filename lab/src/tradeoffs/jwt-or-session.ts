import { warmUp } from '../experiments/shared/presets.ts'
import type { Tradeoff } from '../runner/tradeoff.ts'
import type { Slo } from '../slo.ts'

export function tradeoff({ goals: { baseline } }: Slo): Tradeoff {
  const { rate } = baseline
  return {
    question: 'Who is this user: a signed token (JWT), or a session in the database?',
    decision:
      'Signed tokens: a login writes nothing. Decide for sessions when each one must end by itself, when users want to see where they are logged in, or when no secret shall be able to make a token.',
    variants: [
      { name: 'jwt', settings: { AUTH: 'jwt' } },
      { name: 'session', settings: { AUTH: 'session' } },
    ],
    phases: [
      warmUp(rate),
      { name: 'quiet', rate, seconds: 8 },
      { name: 'logins', rate: 20, logins: 10, seconds: 8 },
      { name: 'logout', rate: 20, attack: { name: 'stolen-token-logged-out-after-2-s', perSecond: 20 }, seconds: 5 },
      { name: 'lock', rate: 20, seconds: 3, fault: 'lock' },
      { name: 'after', rate: 20, seconds: 2 },
    ],
    compared: [
      {
        measure: 'read_p50',
        phase: 'quiet',
        better: 'neither',
        why: 'both remember for a second whom they have checked',
      },
      {
        measure: 'cpu_per_request',
        phase: 'quiet',
        better: 'neither',
        why: 'a remembered token costs a look-up in memory',
      },
      {
        measure: 'login_p95',
        phase: 'logins',
        better: 'neither',
        why: 'the password hash costs more than all the rest',
      },
      { measure: 'commits_per_second', phase: 'logins', better: 'jwt', why: 'each session is a row that is written' },
      { measure: 'served_on', phase: 'logout', better: 'neither', why: 'a logout is remembered at once' },
      { measure: 'refused', phase: 'lock', better: 'neither', why: 'either asks the database whom it serves' },
    ],
    unmeasured:
      'A logout ends all signed tokens of a user, and a single session. Who holds the secret can make tokens for any user; a copy of the sessions table holds only hashes. While the database is away no login works with either; only a signed token can still be checked for forgery.',
    order: 1,
  }
}
