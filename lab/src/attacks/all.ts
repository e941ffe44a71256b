import { anothersNotes } from './anothers-notes.ts'
import type { Attacker } from './attack.ts'
import { flood } from './flood.ts'
import { forgedTokens } from './forged-tokens.ts'
import { guessFromManyAddresses, guessPasswords } from './guess-passwords.ts'

/** Every attack that a phase may have beside its load. */
export const attackers = {
  'forged-tokens': forgedTokens,
  'password-guesses': guessPasswords,
  'password-guesses-from-many-addresses': guessFromManyAddresses,
  flood,
  'anothers-notes': anothersNotes,
} satisfies Record<string, Attacker>

export type AttackName = keyof typeof attackers
