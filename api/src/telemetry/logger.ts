import { setTimeout as sleep } from 'node:timers/promises'
import pino, { type Logger } from 'pino'

const buffer = { periodicFlush: 100, minLength: 16_000, maxLength: 1 << 20 } // ms, then characters that wait in memory

/**
 * JSON lines on standard output, written asynchronously. If it takes no lines (a full disk, a closed terminal, a reader that
 * has paused), the API goes on: what finds no room in memory is dropped and counted. `close` writes what it can and returns
 * whether a write is stuck.
 */
export function createLogger(level: string): { log: Logger; dropped: () => number; close: () => Promise<boolean> } {
  let dropped = 0
  const output = pino.destination({ dest: 1, sync: false, ...buffer })
  output.on('drop', () => dropped++)
  output.on('error', () => {}) // the next flush tries again

  async function close() {
    const flush = () => new Promise<unknown>((resolve) => output.flush(resolve))
    // Twice: the first may have waited for a write that had begun before the last lines came.
    const flushed = flush().then(flush)
    const isStuck = await Promise.race([flushed.then(() => false), sleep(300, true)])
    output.destroy() // otherwise pino flushes at the exit, for ever if there is no room
    return isStuck
  }
  const options = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return { log: pino(options, output), dropped: () => dropped, close }
}
