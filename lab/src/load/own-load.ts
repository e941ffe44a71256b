import type { Pool } from 'undici'
import { ask, connect } from '../api-client.ts'
import { now } from '../clock.ts'
import type { Load, LoadPhase, LoadTarget } from './load.ts'
import { type Note, noteAt, notesToRead, requestAt } from './mix.ts'
import { openLoop, type Request } from './open-loop.ts'

/** The lab's own load: the mix of data requests, and logins beside it in phases that have some. */
export async function startOwnLoad(target: LoadTarget, token: string, phases: LoadPhase[]): Promise<Load> {
  const { url, username, password } = target
  // Enough connections for a stall to meet many waiting clients at once, as it would in real life; more would only
  // test the listen queue. Nearly all are unused while answers take a millisecond.
  const pool = connect(url, 128, 10_000)
  const mix = await startMix(pool, token)
  const login: Request = {
    kind: 'login',
    send: async (signal) =>
      (await ask(pool, { method: 'POST', path: '/auth/login', body: { username, password }, signal })).status,
  }
  const limitMs = phases.reduce((sum, { seconds }) => sum + seconds, 0) * 1000 + 60_000
  // Ten seconds of arrivals may wait before one is dropped: clients that wait longer give up.
  const maxInFlight = Math.max(2_000, ...phases.map(({ rate }) => 10 * rate))
  const results: Load['results'] = []
  const dropped: Load['dropped'] = []
  const data = openLoop({ next: mix.next, maxInFlight, limitMs, results, dropped })
  const logins = openLoop({ next: () => login, limitMs, results, dropped })
  return {
    generator: 'open loop (undici)',
    startedAt: now(),
    results,
    dropped,
    acknowledged: mix.acknowledged,
    sent: () => results.length + data.inFlight() + logins.inFlight(),
    remarks: [],
    enter(phase) {
      data.setRate(phase.rate)
      logins.setRate(phase.logins ?? 0)
    },
    async stop() {
      await Promise.all([data.stop(), logins.stop()])
      await pool.destroy()
    },
    async abandon() {
      data.setRate(0)
      logins.setRate(0)
      await pool.destroy()
    },
  }
}

export type Mix = { next: () => Request; acknowledged: Map<string, string> }

/** Writes the notes to read and returns the mix of requests; `acknowledged` collects every note whose 201 arrived. */
export async function startMix(pool: Pool, token: string, prepared = notesToRead): Promise<Mix> {
  const acknowledged = new Map<string, string>()

  async function write(note: Note, signal?: AbortSignal): Promise<number> {
    const { status, text } = await ask(pool, { method: 'POST', path: '/data/notes', token, body: note, signal })
    if (status === 201) acknowledged.set((JSON.parse(text) as { id: string }).id, note.title)
    return status
  }

  for (let i = 0; i < prepared; i++) await write(noteAt(i))
  const ids = [...acknowledged.keys()]
  let number = 0

  function next(): Request {
    const { kind, method, path, note } = requestAt(number++, ids)
    if (note) return { kind, send: (signal) => write(note, signal) }
    return { kind, send: async (signal) => (await ask(pool, { method, path, token, signal })).status }
  }

  return { next, acknowledged }
}

/** Reads every acknowledged note; returns the ids of those that are missing or changed. */
export async function lost(
  pool: Pool,
  token: string,
  acknowledged: Map<string, string>,
  signal?: AbortSignal,
): Promise<string[]> {
  const missing: string[] = []
  const rest = acknowledged.entries()
  const reader = async () => {
    for (const [id, title] of rest) {
      const found = await ask(pool, { method: 'GET', path: `/data/notes/${id}`, token, signal })
      const same = found.status === 200 && (JSON.parse(found.text) as { title: string }).title === title
      if (!same) missing.push(id)
    }
  }
  await Promise.all(Array.from({ length: 16 }, reader))
  return missing
}
