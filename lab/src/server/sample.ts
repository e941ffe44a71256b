import { now } from '../clock.ts'
import type { Wire } from './live-load.ts'

// At most this many requests a second are shown as dots; the others are only counted.
const perSecond = 40
const slotMs = 1000 / perSecond

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
