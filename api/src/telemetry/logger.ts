import { once } from 'node:events'
import pino, { type Logger } from 'pino'

const flushMs = 100 // how long a line may wait for company

/** JSON lines on standard output, written off the event loop in pieces of 4 KiB. `close` resolves when all are out. */
export function createLogger(level: string): { log: Logger; close: () => Promise<void> } {
  const destination = pino.destination({ fd: 1, sync: false, minLength: 4096 })
  const options = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const timer = setInterval(() => destination.flush(), flushMs).unref()

  async function close() {
    clearInterval(timer)
    const closed = once(destination, 'close')
    destination.end()
    await closed
  }
  return { log: pino(options, destination), close }
}
