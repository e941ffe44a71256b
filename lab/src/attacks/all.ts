import type { Attacker } from './attack.ts'
import { flood } from './flood.ts'
import { forgedTokens } from './forgeries.ts'
import { guessableSecret, guessFromManyAddresses, guessPasswords, randomSecret } from './guesses.ts'
import { anothersNotes, stolenToken, stolenTokenLoggedOut } from './second-user.ts'

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
  'guessable-secret': guessableSecret,
  'random-secret': randomSecret,
} satisfies Record<string, Attacker>

export type AttackName = keyof typeof attackers

/** The attacks that need more than one ordinary user and one client address. */
export const needOwnApi: ReadonlySet<AttackName> = new Set([
  'password-guesses-from-many-addresses',
  'anothers-notes',
  'stolen-token-of-2-s',
  'stolen-token-of-6-s',
  'stolen-token-logged-out-after-2-s',
  'guessable-secret',
] as const)
