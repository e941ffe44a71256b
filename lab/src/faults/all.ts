import { chmod } from './chmod.ts'
import { crash } from './crash.ts'
import type { Fault, FaultKind } from './fault.ts'
import { fill } from './fill.ts'
import { lock } from './lock.ts'
import { move } from './move.ts'

export const faults: Record<FaultKind, Fault> = { chmod, lock, move, fill, crash }
