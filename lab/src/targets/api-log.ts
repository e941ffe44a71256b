type Line = {
  time?: string | number
  msg?: string
  db_unavailable?: boolean
  reason?: string
  status?: number
  port?: number
  metrics_port?: number
}

/** What the lab needs of the API's log. Times are milliseconds since 1970, by the API's own clock. */
export type ApiLog = {
  /** The ports, once it listens. */
  listening?: { port: number; metrics_port: number }
  /** The time of each request that was refused because the database was unavailable. */
  refusals: number[]
  /** "database unavailable" and "database available", in order. */
  changes: { time: number; msg: string; reason?: string }[]
  /** Every line but those of successful requests, at most `mostKept`. */
  kept: string[]
  take: (line: string) => void
}

const mostKept = 20_000

/** Reads the API's log line by line and keeps what is judged, and what explains a failure afterwards. */
export function keepLog(): ApiLog {
  const log: ApiLog = { refusals: [], changes: [], kept: [], take }

  function take(text: string): void {
    // Most lines are successful requests: they are recognized without parsing.
    if (/"status":[23]\d\d[,}]/.test(text)) return
    if (log.kept.length < mostKept) log.kept.push(text)
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
