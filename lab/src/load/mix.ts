import type { Pool } from 'undici'
import { ask } from '../api-client.ts'
import type { Request } from './open-loop.ts'

/** How the requests divide; the rest are writes. */
const share = { read: 0.7, list: 0.15 }

export type Mix = {
  next: () => Request
  /** Every note whose 201 arrived: id and title. */
  acknowledged: Map<string, string>
  /** Writes some notes one after another, so that there is something to read. */
  prepare: (count: number) => Promise<void>
}

/** The realistic mix: mostly reads of one note, some lists, some writes, chosen by a generator with a fixed seed. */
export function mix(pool: Pool, token: string, seed = 1): Mix {
  const random = mulberry32(seed)
  const acknowledged = new Map<string, string>()
  const ids: string[] = []
  let written = 0

  async function write(signal?: AbortSignal): Promise<number> {
    const title = `note ${++written}`
    const note = { title, body: `${title}: ${'a line of some length. '.repeat(8)}` }
    const answer = await ask(pool, { method: 'POST', path: '/data/notes', token, body: note, signal })
    if (answer.status === 201) {
      const { id } = JSON.parse(answer.text) as { id: string }
      acknowledged.set(id, title)
      ids.push(id)
    }
    return answer.status
  }

  function get(path: string) {
    return async (signal: AbortSignal) => (await ask(pool, { method: 'GET', path, token, signal })).status
  }

  function next(): Request {
    const choice = random()
    // Drawn always, so that the sequence of choices does not depend on what was answered.
    const which = random()
    const id = ids[Math.floor(which * ids.length)]
    if (choice < share.read && id) return { kind: 'read', send: get(`/data/notes/${id}`) }
    if (choice < share.read + share.list) return { kind: 'list', send: get('/data/notes') }
    return { kind: 'write', send: write }
  }

  async function prepare(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await write()
  }

  return { next, acknowledged, prepare }
}

/** Reads every acknowledged note; gives the ids of those that are missing or changed. */
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

/** A small generator of numbers in [0, 1): the same seed gives the same run. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
