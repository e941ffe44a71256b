import { now } from '../clock.ts'
import type { Result } from '../load/figures.ts'

// At most this many requests a second are shown as dots; the others are only counted.
const perSecond = 40
const slotMs = 1000 / perSecond

/** What a page needs to draw a request: number, kind, due, sent, id. */
type Sent = [n: number, kind: string, due: number, sent: number, id?: string]
type Done = [n: number, done: number, status: number, error?: string]

/** Chooses requests evenly over time, without a look at how they end, and follows them from being sent to their answer. */
export function createSample() {
  const followed = new Map<Result, number>()
  let [lastLook, lastSlot, number] = [now(), 0, 0]

  /** What happened to the sample since the last call; `arrived`: how many requests were sent since then in all. */
  function look(waiting: Iterable<Result>, ended: Result[]) {
    const since = lastLook
    lastLook = now()
    const arrived = [...ended, ...waiting].filter(({ sent }) => sent > since).sort((a, b) => a.due - b.due)
    const sent: Sent[] = []
    for (const one of arrived) {
      const slot = Math.floor(one.due / slotMs)
      if (slot === lastSlot) continue
      lastSlot = slot
      followed.set(one, ++number)
      sent.push([number, one.kind, one.due, one.sent, one.id])
    }
    const done: Done[] = []
    for (const one of ended) {
      const n = followed.get(one)
      if (n === undefined) continue
      followed.delete(one)
      done.push([n, one.done, one.status, one.error])
    }
    return { t: lastLook, sent, done, arrived: arrived.length }
  }
  return { look }
}
