/** Milliseconds on the machine's monotonic clock: the same for every process, so that their moments can be compared. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Waits, not at all when the time is past; rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', stop)
        resolve()
      },
      Math.max(0, ms),
    )
    signal?.addEventListener('abort', stop, { once: true })
  })
}
