import type { Experiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'
import { nothingLost, warmUp } from './shared/presets.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const rate = Math.round(baseline.rate / 3)
  const [phase, random] = ['guessable', 'random']
  return {
    question: 'How long does the secret that signs tokens withstand an attacker with one token and a dictionary?',
    hypothesis:
      'Two common words: less than a second, and no log shows it. Random bytes: for ever. The API cannot tell them apart: it only counts bytes.',
    settings: { JWT_SECRET: 'notes-secret'.repeat(3) },
    phases: [
      warmUp(rate),
      {
        name: phase,
        rate,
        attack: { name: 'guessable-secret', perSecond: 20 },
        seconds: 12,
        says: 'The secret of this API is "notes-secret", repeated to 32 bytes. No request is needed: each guess is one HMAC. Then the attacker signs tokens that last a year.',
      },
      {
        name: random,
        rate,
        attack: { name: 'random-secret', perSecond: 20 },
        seconds: 15,
        says: 'The same dictionary against a token that was signed with 32 random bytes.',
      },
    ],
    expectations: [
      {
        measure: 'guesses_needed',
        phase,
        compare: '<',
        limit: 100_000,
        why: 'pairs of common words are few',
      },
      {
        measure: 'attack_accepted',
        phase,
        compare: '>',
        limit: 0,
        why: 'with the secret an attacker signs tokens that the API accepts',
      },
      {
        measure: 'guesses_per_second',
        phase: random,
        compare: '>',
        limit: 10_000,
        why: 'an HMAC is made to be fast, and no login limit is in the way',
      },
      {
        measure: 'attack_accepted',
        phase: random,
        compare: '=',
        limit: 0,
        why: '32 random bytes are in no dictionary',
      },
      nothingLost,
    ],
    predictions: [
      { question: 'How many guesses does it take to find two common words?', measure: 'guesses_needed', phase },
      { question: 'How many requests with forged tokens are accepted then?', measure: 'attack_accepted', phase },
      { question: 'How many guesses a second does one core try?', measure: 'guesses_per_second', phase: random },
      { question: 'How many batches of guesses find the random secret?', measure: 'attack_accepted', phase: random },
    ],
    level: 3,
    order: 200,
    learned:
      'Guessing needs no request, so no limit and no log is in the way. Only the number of possible secrets protects, and length is not that number.',
    next: 'anothers-notes',
  }
}
