import { randomUUID } from 'node:crypto'
import { type Answer, ask, connect, type Session } from '../api-client.ts'
import { now } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import { type ClientPolicy, policies } from '../load/client-policy.ts'
import type { Attempt, Kind, Result } from '../load/figures.ts'
import { startMix } from '../load/load.ts'
import { requestAt, usualWrites } from '../load/mix.ts'
import { type ArrivalProcess, openLoop, type Request } from '../load/open-loop.ts'

const { none, ...retrying } = policies(1_000)
const clients: Record<string, ClientPolicy | undefined> = { patient: undefined, impatient: none, ...retrying }
export const clientNames = Object.keys(clients)

// At most this many requests a second are shown as dots; the others are only counted.
const perSecond = 40
const slotMs = 1000 / perSecond

/** What a visitor sets. `writes`: the share of the requests that write. `clients`: what they do when an answer is late or fails. */
export type Knobs = { rate: number; arrivals: ArrivalProcess; writes: number; clients: string }

// The slider goes beyond what the API can do on any usual machine.
export const mostPerSecond = 10_000
/** So many requests wait at most; what is due meanwhile is not sent, and counts as failed. */
export const mostWaiting = 5_000
export const off: Knobs = { rate: 0, arrivals: 'even', writes: usualWrites, clients: 'patient' }

/** One request on the wire: `due` is its call's, `attempt` counts the tries of the call from 1. */
type Wire = Attempt & { id: string; kind: Kind; due: number; attempt: number }

/** The lab's open load with knobs. Every request has an id of its own, so that its line in the API's log can be found. */
export function createLiveLoad(session: Session) {
  // As many connections as the load of an experiment has.
  const pool = connect(session.url, 128, 10_000)
  const waiting = new Set<Wire>()
  let [knobs, token, ids, number] = [off, '', [] as string[], 0]
  let ended: Wire[] = []

  function next(due: number): Request {
    const { kind, method, path, note } = requestAt(number++, ids, knobs.writes)
    let attempt = 0
    async function send(signal: AbortSignal): Promise<Answer> {
      const wire: Wire = { id: randomUUID(), kind, due, attempt: ++attempt, sent: now(), done: 0, status: 0 }
      waiting.add(wire)
      try {
        const headers = { 'x-request-id': wire.id }
        const answer = await ask(pool, { method, path, token, body: note, headers, signal })
        wire.status = answer.status
        return answer
      } catch (error) {
        wire.error = signal.aborted ? 'timeout' : reasonOf(error)
        throw error
      } finally {
        wire.done = now()
        waiting.delete(wire)
        ended.push(wire)
      }
    }
    return { kind, send }
  }
  const loop = openLoop({ next, maxInFlight: mostWaiting })

  /** Gets what a load needs: a token, and notes that it can read. */
  async function prepare(): Promise<void> {
    token = await session.token()
    if (ids.length === 0) ids = [...(await startMix(pool, token)).acknowledged.keys()]
  }

  /** Changes the load from now on. */
  function set(wanted: Knobs): void {
    knobs = wanted
    loop.setRate(knobs.rate, { arrivals: knobs.arrivals, clients: clients[knobs.clients] })
  }

  /** What has come to its end since the last call: calls, arrivals that were not sent, and requests on the wire. */
  function drain(): { calls: Result[]; dropped: number; wires: Wire[] } {
    const wires = ended
    ended = []
    return { calls: loop.results.splice(0), dropped: loop.dropped.splice(0).length, wires }
  }
  /** Requests without an answer; calls that pause before a retry are not among them. */
  const isWaiting = () => ({ wires: waiting, calls: loop.waiting })
  /** Ends everything at once: arrivals that went on would keep the process alive. */
  function stop(): Promise<void> {
    loop.setRate(0)
    return pool.destroy()
  }
  return { knobs: () => knobs, prepare, set, drain, isWaiting, stop }
}

/** Chooses requests evenly over time, without a look at how they end, and follows them from being sent to their answer. */
export function createSample() {
  const followed = new Map<Wire, number>()
  let [lastLook, lastSlot, number] = [now(), 0, 0]

  /** What happened to the sample since the last call; `count`: how many requests were sent since then in all. */
  function look(waiting: Iterable<Wire>, ended: Wire[]) {
    const since = lastLook
    lastLook = now()
    const fresh = [...ended, ...waiting].filter(({ sent }) => sent > since).sort((a, b) => a.sent - b.sent)
    const chosen = fresh.filter(({ sent }) => {
      const [slot, before] = [Math.floor(sent / slotMs), lastSlot]
      lastSlot = slot
      return slot !== before
    })
    const sent = chosen.map((wire) => {
      followed.set(wire, ++number)
      return [number, wire.kind, wire.due, wire.sent, wire.id, wire.attempt]
    })
    const done = ended.flatMap((wire) => {
      const n = followed.get(wire)
      return followed.delete(wire) ? [[n, wire.done, wire.status, wire.error]] : []
    })
    return { t: lastLook, sent, done, count: fresh.length }
  }
  return { look }
}
