import { randomUUID } from 'node:crypto'
import Database from 'better-sqlite3'
import type { Pool } from 'undici'
import { ask, dataStatus, type probes } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { reasonOf, UserError } from '../errors.ts'
import { faults, killing } from '../faults/all.ts'
import { inject } from '../faults/inject.ts'
import { isSuccess } from '../load/figures.ts'
import { milliseconds } from '../report/html.ts'
import type { Target } from '../targets/target.ts'
import type { Experiment, TimedFault } from './experiment.ts'
import type { Playing } from './run.ts'
import { say, wrap } from './screen.ts'

/** The service is checked, and the record reaches the disk, before the fault is due. */
const preparationMs = 1_000

/** Plays the timeline of faults and adds how each went to `run`. All are rolled back, whichever way this ends. */
export async function playFaults(timeline: TimedFault[], playing: Playing): Promise<void> {
  const { run, signal, experiment } = playing
  for (const plan of timeline) {
    const due = run.startedAt + plan.at * 1000
    await sleep(due - preparationMs - now(), signal)
    try {
      await playFault(plan, due, playing)
    } catch (error) {
      if (!(error instanceof UserError) || signal.aborted) throw error
      run.problems.push(error.message)
      tell(experiment, error.message)
    }
  }
}

async function playFault(plan: TimedFault, due: number, playing: Playing): Promise<void> {
  const { experiment, pool, token, signal, target, run } = playing
  const probe = (operation: keyof typeof probes) => dataStatus(pool, token, operation)
  // The fault before this one may still be felt.
  const isServed = async () => isSuccess({ status: await probe(faults[plan.kind].feltBy) })
  while (now() < due && !(await isServed())) await sleep(20, signal)
  const fault = await inject({ ...target, kind: plan.kind, at: due, forMs: plan.for * 1000, probe, signal })
  const { did, injectedAt } = fault
  target.faulted?.(plan.kind, 'begun', injectedAt)
  // An API that does not notice the fault has failed, which is for the verdict to say: the fault goes on all the same.
  const landed = fault.landed.catch(() => undefined)
  landed.then((at) => {
    if (at) target.faulted?.(plan.kind, 'felt', at)
    if (at) tell(experiment, `${did} A request from outside felt it after ${milliseconds(at - injectedAt)}.`)
  })
  let undone: Awaited<ReturnType<typeof fault.undo>> | undefined
  try {
    await sleep(due + plan.for * 1000 - now(), signal)
  } finally {
    undone = await fault.undo()
    // A killed API is gone until it listens again; any other fault ends when its rollback begins.
    if (killing.has(plan.kind)) undone = { ...undone, at: now() }
    target.faulted?.(plan.kind, 'over', undone.at)
    run.faults.push({ plan, did, injectedAt, landedAt: await landed, undone })
  }
  tell(experiment, `Rolled back: ${undone.did}.`)
}

function tell({ unannounced }: Experiment, text: string): void {
  if (!unannounced) say(wrap(text, '         '))
}

/**
 * Makes sure that a database file is the API's: a note that is written over HTTP must be in it. A fault on another file
 * would prove nothing, whereas an API that does not notice a fault on its own file has failed.
 */
export async function checkOwnDatabase({ url, database }: Target, pool: Pool, token: string): Promise<void> {
  const title = `whose file is this? ${randomUUID()}`
  const { status } = await ask(pool, { method: 'POST', path: '/data/notes', token, body: { title, body: '' } })
  if (status !== 201) throw new UserError(`INVALID: before any fault the API answers ${status} to a new note.`)
  let reason = 'a note that was just written is not in it'
  try {
    const db = new Database(database, { readonly: true, fileMustExist: true })
    const found = db.prepare('SELECT 1 FROM notes WHERE title = ?').get(title)
    db.close()
    if (found !== undefined) return
  } catch (error) {
    reason = reasonOf(error)
  }
  throw new UserError(`INVALID: ${database} is not the database of the API at ${url} (${reason}). Nothing was touched.`)
}
