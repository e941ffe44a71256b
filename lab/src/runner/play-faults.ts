import type { Pool } from 'undici'
import { ask, dataStatus } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { UserError } from '../errors.ts'
import { begin, landing } from '../faults/inject.ts'
import type { Target } from '../targets/target.ts'
import type { TimedFault } from './experiment.ts'
import type { Run } from './run.ts'
import { say, wrap } from './screen.ts'

const indent = '         '
/** A process that will hold a lock has to start, and a record to reach the disk, before the moment comes. */
const preparationMs = 1_000

export type FaultContext = { target: Target; token: string; pool: Pool; startedAt: number; signal: AbortSignal }

/** Plays the timeline of faults and notes in `run` how each went. All are undone whichever way this ends. */
export async function playFaults(timeline: TimedFault[], run: Run, context: FaultContext): Promise<void> {
  for (const plan of timeline) {
    const due = context.startedAt + plan.at * 1000
    await sleep(due - preparationMs - now(), context.signal)
    try {
      if (plan.kind === 'crash') await crash(plan, due, run, context)
      else await take(plan, plan.kind, due, run, context)
    } catch (error) {
      if (!(error instanceof UserError) || context.signal.aborted) throw error
      run.refused.push(error.message)
      tell(error.message)
    }
  }
}

/** Takes the database away for the time and gives it back. */
async function take(
  plan: TimedFault,
  kind: Exclude<TimedFault['kind'], 'crash'>,
  due: number,
  run: Run,
  { target, token, pool, signal }: FaultContext,
): Promise<void> {
  const probe = () => (plan.feltBy === 'write' ? writeStatus(pool, token) : dataStatus(pool, token))
  const forMs = plan.for * 1000
  await served(probe, due, signal)
  const fault = await begin({ database: target.database, kind, at: due, forMs, probe, signal })
  const end = due + forMs
  const over = new AbortController()
  const watch = AbortSignal.any([signal, over.signal])
  // An API that does not notice has failed, which is for the verdict to say; the fault goes on all the same.
  const landed = landing(probe, end, watch).catch(() => undefined)
  landed.then((at) => {
    if (at) tell(`${fault.did} First 503 after ${(at - fault.injectedAt).toFixed(0)} ms.`)
  })
  let undone: Awaited<ReturnType<typeof fault.undo>> | undefined
  try {
    await sleep(end - now(), signal)
  } finally {
    undone = await fault.undo()
    over.abort()
    const { did, injectedAt } = fault
    run.faults.push({ plan, did, injectedAt, landedAt: await landed, undone })
  }
  tell(`RolledBack: ${undone.did}.`)
}

/** Waits until requests succeed, but not beyond the moment: the fault before this one may still be felt. */
async function served(probe: () => Promise<number>, until: number, signal: AbortSignal): Promise<void> {
  while (now() < until && (await probe()) > 299) await sleep(20, signal)
}

/** Ends the API by kill -9; from then on nobody but the one who started it can bring it back. */
async function crash(plan: TimedFault, due: number, run: Run, { target, signal }: FaultContext): Promise<void> {
  await sleep(due - now(), signal)
  const injectedAt = await target.crash(plan.for * 1000, signal)
  const undone = { at: injectedAt + plan.for * 1000, intact: true, did: 'the API was started again' }
  run.faults.push({ plan, did: 'crash: kill -9 of the API.', injectedAt, landedAt: injectedAt, undone })
  tell(`kill -9 of the API; ${((now() - injectedAt) / 1000).toFixed(1)} s later it is started again and listens.`)
}

/** The status of the smallest write; 0 when no answer came. */
async function writeStatus(pool: Pool, token: string): Promise<number> {
  try {
    const body = { title: 'probe', body: '' }
    return (await ask(pool, { method: 'POST', path: '/data/notes', token, body })).status
  } catch {
    return 0
  }
}

function tell(text: string): void {
  say(wrap(text, indent))
}
