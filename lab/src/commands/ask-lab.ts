import { askLab } from '../api-client.ts'
import type { FaultKind } from '../faults/fault.ts'
import { begunWords, endedWords } from '../runner/outage.ts'
import type { Faults } from '../server/faults.ts'
import type { Outside } from '../server/outside.ts'

type Begin = Awaited<ReturnType<Faults['begin']>>
type End = Awaited<ReturnType<Faults['end']>>
type Status = { fault?: ReturnType<Faults['active']>; experiment: string; phase: string; outside: Outside }

/** `outage` where a lab is running: it holds the fault, this only asks for it and says what happened. */
export async function askForOutage(socket: string, mode: FaultKind, time: string): Promise<number> {
  const { begun, repaired } = await askLab<Begin>(socket, 'POST', '/outage', { mode, for: time })
  if (repaired) console.log(repaired)
  if (begun === undefined) {
    const { fault } = await askLab<Status>(socket, 'GET', '/status')
    console.log(`The ${mode} outage is on already, until ${clockTime(fault?.until)}: nothing was changed.`)
  } else {
    console.log(begunWords(begun))
  }
  console.log(
    `It ends by itself${begun ? ` at ${clockTime(begun.until)}, after ${time}` : ''}, or at once by: make recover`,
  )
  return 0
}

export async function askForRecovery(socket: string): Promise<number> {
  const { ended, did } = await askLab<End>(socket, 'POST', '/recover')
  console.log(ended ? endedWords(ended) : (did ?? 'Nothing to undo: no fault is on record.'))
  return 0
}

export async function askForStatus(socket: string): Promise<number> {
  const { fault, experiment, phase, outside } = await askLab<Status>(socket, 'GET', '/status')
  const { data, health, degraded } = outside
  const seen = ({ status, seconds }: Outside['data']) =>
    status === 0 ? 'no answer' : `${status} in ${(seconds * 1000).toFixed(1)} ms`
  console.log(
    `fault       ${fault ? `${fault.kind}, until ${clockTime(fault.until)}; undo it with: make recover` : 'none'}`,
  )
  console.log(`experiment  ${experiment === 'none' ? 'none' : `${experiment}, ${phase}`}`)
  console.log(`from outside, a moment ago`)
  console.log(`  GET /data/notes  ${seen(data)}`)
  console.log(`  GET /health      ${seen(health)}${degraded ? ', degraded' : ''}`)
  return 0
}

export async function tellPhase(socket: string, experiment: string, phase: string, time: string): Promise<number> {
  await askLab(socket, 'POST', '/phase', { experiment, phase, for: time })
  return 0
}

/** A moment of the lab, which may count its hours otherwise than its reader. */
function clockTime(iso = ''): string {
  return `${iso.slice(11, 19)} UTC`
}
