import { randomUUID } from 'node:crypto'
import { now } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import type { Kind, Result } from './figures.ts'
import type { Request } from './open-loop.ts'

/** A request of the sample when it is sent, and when it has ended. `due` is its call's, `attempt` counts the tries of the call from 1. */
type Sent = { id: string; kind: Kind; due: number; sent: number; attempt: number }
/** `isLate`: its client had left when the answer came. */
type Done = { id: string; done: number; status: number; error?: string; isLate?: true }

/** What happened since the last call of takeSeen: calls that began, their requests, and the sample. `t`: the moment of this call. */
type Seen = { begun: number; sent: number; inFlight: number; sample: { t: number; sent: Sent[]; done: Done[] } }

/** What clients met meanwhile: the calls that ended, arrivals that were not sent, and the requests on the wire. */
export type Met = Seen & { calls: Result[]; dropped: number }

// The live page shows at most this many requests a second as dots; the others are only counted.
const slotMs = 1000 / 40

/** Counts the requests of a load, and follows a sample: evenly over time, without a look at how they end. */
export function followRequests() {
  let [begun, sent, inFlight, lastSlot] = [0, 0, 0, 0]
  let patienceMs = Number.POSITIVE_INFINITY
  let sample: Omit<Seen['sample'], 't'> = { sent: [], done: [] }

  /** Follows what `next` returns. Only requests of the sample have an id that is known here, for their line in the API's log. */
  function follow(next: (due: number) => Request) {
    return (due: number): Request => {
      const { kind, send } = next(due)
      let attempt = 0
      begun++
      async function sendIt(signal: AbortSignal) {
        const at = now()
        const slot = Math.floor(at / slotMs)
        const id = slot === lastSlot ? undefined : randomUUID()
        lastSlot = slot
        attempt++
        sent++
        inFlight++
        if (id) sample.sent.push({ id, kind, due, sent: at, attempt })
        const end = (status: number, error?: string) => {
          inFlight--
          const done = now()
          const late = status > 0 && done - at > patienceMs ? { isLate: true as const } : {}
          if (id) sample.done.push({ id, done, status, error, ...late })
        }
        try {
          const answer = await send(signal, id ? { 'x-request-id': id } : undefined)
          end(answer.status)
          return answer
        } catch (error) {
          end(0, signal.aborted ? 'timeout' : reasonOf(error))
          throw error
        }
      }
      return { kind, send: sendIt }
    }
  }

  function takeSeen(): Seen {
    const seen = { begun, sent, inFlight, sample: { t: now(), ...sample } }
    ;[begun, sent] = [0, 0]
    sample = { sent: [], done: [] }
    return seen
  }
  /** How long the clients wait, who leave without hanging up. */
  const setPatience = (ms = Number.POSITIVE_INFINITY) => (patienceMs = ms)
  return { follow, takeSeen, setPatience }
}
