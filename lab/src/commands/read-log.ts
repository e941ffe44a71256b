import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

type Line = Record<string, unknown> & { time: string; level: string; msg: string }

// What a request's line shows at a fixed place, or does not need to show.
const placed = new Set([
  'level',
  'time',
  'msg',
  'method',
  'route',
  'status',
  'duration_ms',
  'request_id',
  'trace_id',
  'err',
])

/** Prints the API's JSON lines for people: time, status, method and route, milliseconds, and whatever else there is. */
export async function readLog(input: Readable, onlyOutage: boolean): Promise<number> {
  for await (const text of createInterface({ input })) {
    if (onlyOutage && !text.includes('"db_unavailable"')) continue
    console.log(readable(text))
  }
  return 0
}

function readable(text: string): string {
  let line: Line
  try {
    line = JSON.parse(text)
  } catch {
    return text // not the API's own words
  }
  const moment = line.time.slice(11, 23)
  const rest = Object.entries(line)
    .filter(([name]) => !placed.has(name))
    .map(([name, value]) => `${name}=${value}`)
  const error = (line.err as { stack?: string } | undefined)?.stack
  if (line.msg !== 'request')
    return [moment, line.level.toUpperCase(), line.msg, ...rest, error].filter(Boolean).join('  ')
  const duration = typeof line.duration_ms === 'number' ? `${line.duration_ms.toFixed(1)} ms` : ''
  const words = [
    moment,
    line.status,
    `${line.method ?? '?'} ${line.route ?? ''}`.padEnd(24),
    duration.padStart(10),
    ...rest,
    error,
  ]
  return words.filter(Boolean).join('  ')
}
