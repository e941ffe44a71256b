import { once } from 'node:events'
import { askLab, openSession } from '../api-client.ts'
import type { FaultKind } from '../faults/fault.ts'
import { beginOutage, begunWords, endedWords, endOutage } from '../runner/outage.ts'
import type { Faults } from '../server/faults.ts'
import type { Outside } from '../server/outside.ts'

type Begin = Awaited<ReturnType<Faults['begin']>>
type End = Awaited<ReturnType<Faults['end']>>
type Status = { fault?: ReturnType<Faults['active']>; experiment: string; phase: string; outside: Outside }

export type OutageOptions = {
  database: string
  kind: FaultKind
  forMs: number
  url: string
  username: string
  password: string
  stop: AbortSignal
}

/** Takes the database away, prints what clients see, holds the fault until its time is over or the signal comes, rolls it back. */
export async function holdOutage({ url, username, password, stop, ...what }: OutageOptions): Promise<void> {
  const session = openSession(url, username, password)
  try {
    const { fault, begun, repaired } = await beginOutage({ ...what, session, signal: stop })
    if (repaired) console.log(repaired)
    console.log(begunWords(begun))
    const until = fault.until.toLocaleTimeString()
    console.log(`It ends at ${until}, with Ctrl-C here, or by: recover --database ${what.database}`)
    await Promise.race([fault.ended, stop.aborted || once(stop, 'abort')])
    console.log(endedWords(await endOutage(session, fault.undo)))
  } finally {
    await session.pool.destroy()
  }
}

/** `outage` in the stack: the running lab holds the fault, this asks for it and prints what happened. */
export async function askForOutage(socket: string, mode: FaultKind, time: string): Promise<void> {
  const { begun, repaired } = await askLab<Begin>(socket, 'POST', '/outage', { mode, for: time })
  if (repaired) console.log(repaired)
  if (begun) {
    console.log(begunWords(begun))
    console.log(`It ends by itself at ${clockTime(begun.until)}, after ${time}, or at once by: make recover`)
  } else {
    const { fault } = await askLab<Status>(socket, 'GET', '/status')
    console.log(`The ${mode} outage is on already, until ${clockTime(fault?.until)}: nothing was changed.`)
    console.log('To end it: make recover')
  }
}

export async function askForRecovery(socket: string): Promise<void> {
  const { ended, did } = await askLab<End>(socket, 'POST', '/recover')
  console.log(ended ? endedWords(ended) : (did ?? 'Nothing to undo: no fault is on record.'))
}

export async function askForStatus(socket: string): Promise<void> {
  const { fault, experiment, phase, outside } = await askLab<Status>(socket, 'GET', '/status')
  const { data, health, degraded } = outside
  const seen = ({ status, seconds }: Outside['data']) =>
    status === 0 ? 'no answer' : `${status} in ${(seconds * 1000).toFixed(1)} ms`
  console.log(
    `fault       ${fault ? `${fault.kind}, until ${clockTime(fault.until)}; to end it: make recover` : 'none'}`,
  )
  console.log(`experiment  ${experiment === 'none' ? 'none' : `${experiment}, ${phase}`}`)
  console.log('from outside, a moment ago')
  console.log(`  GET /data/notes  ${seen(data)}`)
  console.log(`  GET /health      ${seen(health)}${degraded ? ', degraded' : ''}`)
}

/** In UTC: the container and its reader may be in different time zones. */
function clockTime(iso = ''): string {
  return `${iso.slice(11, 19)} UTC`
}
