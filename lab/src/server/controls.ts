import { UserError } from '../errors.ts'
import { type FaultKind, faults, kindsOn } from '../faults/all.ts'
import type { Fault } from '../faults/fault.ts'
import type { LiveTarget } from './live.ts'

/** `instead`: why it cannot be done here, and the command that does it. */
export type Control = {
  kind: FaultKind | 'shed'
  name: string
  says: string
  /** What the picture of the page shows meanwhile. */
  picture?: { stops?: Fault['stops']; database: Fault['picture'] }
  instead?: { why: string; command: string }
}

/** What a visitor can break or switch, and what not where this API runs. */
export function controlsOf({ mode, server }: Pick<LiveTarget, 'mode' | 'server'>): Control[] {
  const inStack = mode === 'stack'
  const breaks = kindsOn({ server }).map((kind) => {
    const { button, needs, stops, picture: database }: Fault = faults[kind]
    const instead = inStack || needs?.own === 'disk' ? needs : undefined
    return { kind, name: button[0], says: button[1], picture: { stops, database }, instead }
  })
  const shed: Control = {
    kind: 'shed',
    name: 'Shed load',
    says: 'It helps: what would wait longer than 50 ms is refused at once. The API restarts with it.',
    ...(inStack && { instead: { why: 'It is a setting of the stack.', command: 'make up SHED_AFTER_MS=50' } }),
  }
  return [...breaks, shed]
}

export function refuseElsewhere(kind: Control['kind'], target: LiveTarget): void {
  const instead = controlsOf(target).find((one) => one.kind === kind)?.instead
  if (instead) throw new UserError(`${instead.why} Instead: ${instead.command}`)
}
