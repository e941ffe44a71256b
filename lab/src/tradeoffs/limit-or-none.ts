import { warmUp } from '../experiments/shared/presets.ts'
import type { Tradeoff } from '../runner/tradeoff.ts'
import type { Slo } from '../slo.ts'

export function tradeoff({ goals: { baseline } }: Slo): Tradeoff {
  const { rate } = baseline
  const phase = 'guesses'
  return {
    question: 'Under guessed passwords: limit the logins of a name and address, or not?',
    decision:
      'A limit of ten a minute for a name from an address. Decide against it only where something in front of the API limits logins already.',
    variants: [
      { name: 'limit', settings: { LOGIN_ATTEMPTS_PER_MINUTE: '10' } },
      { name: 'none', settings: { LOGIN_ATTEMPTS_PER_MINUTE: '0' } },
    ],
    phases: [
      warmUp(rate),
      { name: phase, rate, logins: 1, attack: { name: 'password-guesses', perSecond: 30 }, seconds: 12 },
      { name: 'after', rate, seconds: 2 },
    ],
    compared: [
      {
        measure: 'guesses_heard',
        phase,
        better: 'limit',
        why: 'an attempt beyond the limit is refused before any hash',
      },
      { measure: 'cpu_per_request', phase, better: 'limit', why: 'a password hash is made to be costly' },
      { measure: 'read_p95', phase, better: 'neither', why: 'passwords are hashed one at a time, on another thread' },
      {
        measure: 'login_errors',
        phase,
        better: 'none',
        why: 'the honest user behind the same address is locked out too',
      },
    ],
    unmeasured:
      'An attacker with many addresses has ten guesses a minute from each: brute-force-distributed shows it. And no number counts the users who give up after a 429.',
    order: 30,
  }
}
