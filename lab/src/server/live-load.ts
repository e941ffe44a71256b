import { randomUUID } from 'node:crypto'
import { ask, connect, type Session } from '../api-client.ts'
import { UserError } from '../errors.ts'
import type { Result } from '../load/figures.ts'
import { noteAt, notesToRead, requestAt, usualWrites } from '../load/mix.ts'
import { openLoop, type Request } from '../load/open-loop.ts'

/** What a visitor sets: requests per second, and the share of them that write. */
export type Knobs = { rate: number; writes: number }

// The slider goes beyond what the API can do on any usual machine.
export const mostPerSecond = 10_000
export const off: Knobs = { rate: 0, writes: usualWrites }

/** The lab's open load with knobs. Every request has an id of its own, so that its line in the API's log can be found. */
export function createLiveLoad(session: Session) {
  // As many connections as the load of an experiment has.
  const pool = connect(session.url, 128, 10_000)
  let [knobs, token, ids, number] = [off, '', [] as string[], 0]

  function next(): Request {
    const { kind, method, path, note } = requestAt(number++, ids, knobs.writes)
    const id = randomUUID()
    const asked = { method, path, token, body: note, headers: { 'x-request-id': id } }
    return { kind, id, send: async (signal) => (await ask(pool, { ...asked, signal })).status }
  }
  const loop = openLoop({ next, maxInFlight: 5_000 })

  /** Writes the notes that will be read. */
  async function prepare(): Promise<string[]> {
    const written: string[] = []
    for (let i = 0; i < notesToRead; i++) {
      const { status, text } = await ask(pool, { method: 'POST', path: '/data/notes', token, body: noteAt(i) })
      if (status !== 201)
        throw new UserError(`The notes to be read cannot be written (${status}): is the database away?`)
      written.push((JSON.parse(text) as { id: string }).id)
    }
    return written
  }

  /** Changes the load from now on. */
  async function set(wanted: Knobs): Promise<void> {
    if (wanted.rate > 0) {
      token = await session.token()
      if (ids.length === 0) ids = await prepare()
    }
    knobs = wanted
    loop.setRate(knobs.rate)
  }

  /** What ended, and what could not be sent, since the last call. */
  function drain(): { done: Result[]; dropped: number[] } {
    return { done: loop.results.splice(0), dropped: loop.dropped.splice(0) }
  }
  return { knobs: () => knobs, set, drain, waiting: loop.waiting, stop: () => pool.destroy() }
}
