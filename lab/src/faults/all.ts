import { chmod, readonly } from './chmod.ts'
import { crash, serverCrash } from './crash.ts'
import type { Fault, Victim } from './fault.ts'
import { fill } from './fill.ts'
import { lock } from './lock.ts'
import { move } from './move.ts'
import { revoke } from './postgres.ts'

/** Every fault, in the order in which the page offers them. */
export const faults = {
  chmod,
  lock,
  move,
  readonly,
  revoke,
  fill,
  crash,
  'server-crash': serverCrash,
} satisfies Record<string, Fault>

export type FaultKind = keyof typeof faults
export const allKinds = Object.keys(faults) as FaultKind[]
/** Those that need nothing but a running API. */
export const kinds = allKinds.filter((kind) => faults[kind].needs === undefined)
/** Those after which the API's process is gone. */
export const killing: ReadonlySet<string> = new Set(allKinds.filter((kind) => faults[kind].stops === 'process'))

export function kindsOn({ server }: Pick<Victim, 'server'>): FaultKind[] {
  return allKinds.filter((kind) => faults[kind].engines.includes(server ? 'PostgreSQL' : 'SQLite'))
}
