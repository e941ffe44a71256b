// The mix of requests, defined once: for the lab's own generator, for k6 in experiments and for the scripts in k6/.
// k6 imports this file, so it uses nothing of Node.

/** How many notes are written before a load, so that there is something to read. */
export const notesToRead = 50

/** How the requests divide: this share are writes; of the others so many read one note, the rest a list. */
export const usualWrites = 0.15
const singleReads = 0.7 / (1 - usualWrites)

export type Note = { title: string; body: string }

/** `route` is the path without an id. */
type MixRequest = {
  kind: 'read' | 'list' | 'write'
  method: 'GET' | 'POST'
  path: string
  route: string
  note?: Note
}

/** The request with this number; `ids` are those of the notes to read. Every run sends the same in the same order. */
export function requestAt(number: number, ids: string[], writes = usualWrites): MixRequest {
  // Multiples of an irrational number fall evenly between 0 and 1: the shares are right after few requests.
  const choice = (number * 0.618033988749895) % 1
  const list = '/data/notes'
  if (choice < singleReads * (1 - writes)) {
    const id = ids[Math.floor(((number * 0.4142135623730951) % 1) * ids.length)]
    return { kind: 'read', method: 'GET', path: `${list}/${id}`, route: `${list}/:id` }
  }
  if (choice < 1 - writes) return { kind: 'list', method: 'GET', path: list, route: list }
  return { kind: 'write', method: 'POST', path: list, route: list, note: noteAt(number) }
}

/**
 * k6's clients for a rate, in an experiment and in the scripts of k6/: a stall of half a second at the peak rate, of ten at low
 * ones. Without a free one an arrival is dropped. Each takes about 0.4 MB of 240, and neighbouring phases keep theirs beside each other.
 */
export function virtualUsers(rate: number): number {
  return Math.min(250, rate <= 25 ? rate * 10 : Math.ceil(rate * 1.2) + 10)
}

export function noteAt(number: number): Note {
  const title = `note ${number}`
  return { title, body: `${title}: ${'a line of some length. '.repeat(8)}` }
}
