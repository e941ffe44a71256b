import { anothersNotes } from './anothers-notes.ts'
import type { Attacker } from './attack.ts'
import { flood } from './flood.ts'
import { forgedTokens } from './forged-tokens.ts'
import { guessFromManyAddresses, guessPasswords } from './guess-passwords.ts'
import { stolenToken, stolenTokenLoggedOut, stolenTokenOfRemoved, stolenTokenPasswordChanged } from './stolen-token.ts'
import { guessableSecret, randomSecret } from './weak-secret.ts'

/** Every attack that a phase may have beside its load. */
export const attackers = {
  'forged-tokens': forgedTokens,
  'password-guesses': guessPasswords,
  'password-guesses-from-many-addresses': guessFromManyAddresses,
  'anothers-notes': anothersNotes,
  flood,
  'stolen-token-of-2-s': (context) => stolenToken(context, 2),
  'stolen-token-of-6-s': (context) => stolenToken(context, 6),
  'stolen-token-logged-out-after-2-s': (context) => stolenTokenLoggedOut(context, 2),
  'stolen-token-password-changed-after-2-s': (context) => stolenTokenPasswordChanged(context, 2),
  'stolen-token-of-user-removed-after-2-s': (context) => stolenTokenOfRemoved(context, 2),
  'guessable-secret': guessableSecret,
  'random-secret': randomSecret,
} satisfies Record<string, Attacker>

export type AttackName = keyof typeof attackers

/** Those for which somebody must change the API's list of users. */
export const usersChange: ReadonlySet<AttackName> = new Set([
  'stolen-token-password-changed-after-2-s',
  'stolen-token-of-user-removed-after-2-s',
] as const)
