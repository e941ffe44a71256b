import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds on the machine's monotonic clock. All processes share it, so their moments can be compared. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Waits; not at all when the time is past. Rejects with the signal's reason as soon as it is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(Math.max(0, ms), undefined, { signal }).catch(() => signal?.throwIfAborted())
}

/** A timer may come some milliseconds early. */
export const earlyMs = 20

/**
 * Acts at every multiple of so many milliseconds of the wall clock, or a little later than that, in every process alike. Returns
 * what ends it.
 */
export function onTheClock(everyMs: number, act: () => void, laterMs = 0): () => void {
  let timer: NodeJS.Timeout
  function next(): void {
    wait()
    act()
  }
  function wait(): void {
    const left = everyMs - ((Date.now() - laterMs) % everyMs)
    timer = setTimeout(next, left < earlyMs ? left + everyMs : left)
  }
  wait()
  return () => clearTimeout(timer)
}

/** Resolves when the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
