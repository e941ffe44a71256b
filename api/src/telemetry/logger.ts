import { write } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pino, { type Logger } from 'pino'

const flushMs = 100 // flush interval
const minLength = 4096 // characters that are written without waiting for it
const maxLength = 1 << 20 // characters that wait in memory

/**
 * JSON lines on standard output, written asynchronously. If it takes no lines (a full disk, a closed terminal, a reader that
 * has paused), the API goes on: what finds no room in memory is dropped and counted. `close` writes what it can and returns
 * whether a write is stuck.
 */
export function createLogger(level: string): { log: Logger; dropped: () => number; close: () => Promise<boolean> } {
  let waiting = ''
  let chunk = Buffer.alloc(0) // what was taken from `waiting` and is not written yet
  let writing = false
  let failed = false
  let dropped = 0

  function add(line: string) {
    if (waiting.length + line.length > maxLength) dropped++
    else waiting += line
    if (waiting.length >= minLength && !failed) flush()
  }

  function flush() {
    if (writing) return
    if (chunk.length === 0) {
      chunk = Buffer.from(waiting)
      waiting = ''
    }
    if (chunk.length === 0) return
    writing = true
    write(1, chunk, (error, written = 0) => {
      writing = false
      failed = error !== null // then the next interval tries again
      chunk = chunk.subarray(written)
      if (!failed && (chunk.length > 0 || waiting.length >= minLength)) flush()
    })
  }
  const timer = setInterval(flush, flushMs).unref()

  async function close() {
    clearInterval(timer)
    for (const end = Date.now() + 300; chunk.length + waiting.length > 0 && Date.now() < end; await sleep(5)) flush()
    return writing
  }
  const options = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return { log: pino(options, { write: add }), dropped: () => dropped, close }
}
