type Line = {
  time?: string | number
  msg?: string
  db_unavailable?: boolean
  reason?: string
  status?: number
  port?: number
  metrics_port?: number
}

/** What the lab needs of the API's log. Times are milliseconds since 1970: the API's own clock. */
export type ApiLog = {
  /** The ports, once it listens. */
  listening?: { port: number; metrics_port: number }
  /** When each request was refused for want of a database. */
  refusals: number[]
  /** "database unavailable" and "database available", as they came. */
  changes: { time: number; msg: string; reason?: string }[]
  take: (line: string) => void
}

/** Reads the API's log line by line and keeps the little that is judged. */
export function keepLog(): ApiLog {
  const log: ApiLog = { refusals: [], changes: [], take }

  function take(text: string): void {
    // Most lines are requests that went well: they need no parsing.
    if (log.listening && !text.includes('"db_unavailable"')) return
    const line = parse(text)
    const time = new Date(line?.time ?? 0).getTime()
    if (line?.msg === 'listening' && line.port && line.metrics_port) {
      log.listening = { port: line.port, metrics_port: line.metrics_port }
    } else if (line?.msg?.startsWith('database ')) {
      log.changes.push({ time, msg: line.msg, reason: line.reason })
    } else if (line?.db_unavailable === true && line.status !== undefined) {
      log.refusals.push(time)
    }
  }
  return log
}

function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line
  } catch {
    return undefined
  }
}
