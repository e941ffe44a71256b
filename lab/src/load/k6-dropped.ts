import type { Result } from './open-loop.ts'

/**
 * k6 numbers only the arrivals that it sends, so behind one that it dropped every next one seems to be due an interval
 * too early, to the end of its scenario: a stall of a second would look like a second of latency for all that follow.
 * None is sent before it is due, so no more were dropped before it than whole intervals lie between the two, for it and
 * for each that follows. Moves `due` to where it was; gives the moments at which the `count` dropped ones were due.
 */
export function placeDropped(results: Result[], count: number, start: number, intervalMs: number): number[] {
  const sent = new Set<number>()
  let before = count
  for (const one of results.toSorted((a, b) => b.due - a.due)) {
    // k6's clock counts whole milliseconds.
    before = Math.min(before, Math.floor((one.sent - one.due + 1) / intervalMs))
    one.due += before * intervalMs
    sent.add(Math.round((one.due - start) / intervalMs))
  }
  const all = Array.from({ length: results.length + count }, (_, number) => number)
  return all.filter((number) => !sent.has(number)).map((number) => start + number * intervalMs)
}
