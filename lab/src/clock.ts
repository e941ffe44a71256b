import { setTimeout } from 'node:timers/promises'

/** Milliseconds on the machine's monotonic clock. All processes share it, so their moments can be compared. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Waits; not at all when the time is past. Rejects with the signal's reason as soon as it is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(Math.max(0, ms), undefined, { signal }).catch(() => signal?.throwIfAborted())
}

/** Resolves when the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
