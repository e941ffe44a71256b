import type { Experiment } from '../runner/experiment.ts'
import { nothingLost, warmUp } from '../runner/presets.ts'
import type { Slo } from '../slo.ts'

export function experiment({ goals: { baseline } }: Slo): Experiment {
  const rate = Math.round(baseline.rate / 3)
  const [phase, random] = ['guessable', 'random']
  return {
    question: 'How long does the secret that signs tokens withstand somebody who has one token and a dictionary?',
    hypothesis: 'Two common words: less than a second, unseen, on a machine of their own. Random bytes: for ever.',
    phases: [
      warmUp(rate),
      {
        name: phase,
        rate,
        attack: { name: 'guessable-secret', perSecond: 20 },
        seconds: 12,
        says: 'A token signed with two common words, repeated to 32 bytes. No request is needed: each guess is one HMAC.',
      },
      {
        name: random,
        rate,
        attack: { name: 'random-secret', perSecond: 20 },
        seconds: 15,
        says: 'The same dictionary against a token of this API, whose secret is random.',
      },
    ],
    expectations: [
      {
        measure: 'guesses_needed',
        phase,
        compare: '<',
        limit: 100_000,
        why: 'pairs of common words are few, which is why the API does not start with such a secret',
      },
      {
        measure: 'guesses_per_second',
        phase: random,
        compare: '>',
        limit: 10_000,
        why: 'an HMAC is made to be fast, and no limit on logins is in the way',
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
      { question: 'How many guesses a second does one core try?', measure: 'guesses_per_second', phase: random },
      { question: 'How many batches of guesses find the random secret?', measure: 'attack_accepted', phase: random },
    ],
  }
}
