import { now, sleep } from '../clock.ts'
import type { FaultKind } from '../faults/fault.ts'
import { type ActiveFault, inject } from '../faults/keeper.ts'
import { Sentence } from '../sentence.ts'
import type { Played } from './run.ts'
import { say, wrap } from './screen.ts'

const indent = '         '

/** Takes the database away for the length of a phase and notes in `played` how that went. */
export async function playFault(
  played: Played,
  kind: FaultKind,
  { database, probe, signal }: { database: string; probe: () => Promise<number>; signal: AbortSignal },
): Promise<void> {
  const forMs = played.phase.seconds * 1000
  let active: ActiveFault
  try {
    active = await inject({ database, kind, forMs, probe, signal })
  } catch (error) {
    if (!(error instanceof Sentence) || signal.aborted) throw error
    played.notLanded = error.message
    say(wrap(error.message, indent))
    return
  }
  const { injectedAt, landedAt } = active
  say(wrap(`${active.did} First 503 after ${(landedAt - injectedAt).toFixed(0)} ms.`, indent))
  try {
    await sleep(injectedAt + forMs - now(), signal)
  } finally {
    played.fault = { injectedAt, landedAt, undone: await active.undo() }
  }
  say(wrap(`Undone: ${played.fault.undone.did}.`, indent))
}
