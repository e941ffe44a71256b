import { ask, connect } from '../api-client.ts'
import { now } from '../clock.ts'

export type MetricSample = { name: string; labels: Record<string, string>; value: number }

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** The samples of a page in Prometheus's text format; comments and lines it does not know are left out. */
export function parseMetrics(page: string): MetricSample[] {
  const samples: MetricSample[] = []
  for (const text of page.split('\n')) {
    const [, name, labelText = '', value = ''] = line.exec(text) ?? []
    if (name === undefined) continue
    const labels: Record<string, string> = {}
    for (const [, key = '', quoted = ''] of labelText.matchAll(label)) {
      labels[key] = quoted.replace(/\\(.)/g, (_, one) => (one === 'n' ? '\n' : one))
    }
    samples.push({ name, labels, value: number(value) })
  }
  return samples
}

function number(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  return Number(text)
}

/** The sum over all series of a name; undefined when the page has none. */
export function total(samples: MetricSample[], name: string): number | undefined {
  const found = samples.filter((sample) => sample.name === name)
  return found.length > 0 ? found.reduce((sum, sample) => sum + sample.value, 0) : undefined
}

/** One look at the page, `at` a moment of clock.ts; a value is missing when the page or the series was. */
export type MetricsReading = {
  at: number
  db_errors_total?: number
  db_available?: number
  resident_bytes?: number
  open_connections?: number
  /** Data requests by the upper edge of their histogram bucket, cumulative over edges and time. */
  requests?: Map<number, number>
  eventLoopDelay?: { sum: number; count: number }
}

/** What the runner needs of a page. */
export function readingOf(samples: MetricSample[], at: number): MetricsReading {
  const sum = total(samples, 'nodejs_eventloop_delay_seconds_sum')
  const count = total(samples, 'nodejs_eventloop_delay_seconds_count')
  const requests = new Map<number, number>()
  for (const { name, labels, value } of samples) {
    if (name !== 'http_server_request_duration_seconds_bucket' || !labels.http_route?.startsWith('/data/')) continue
    const edge = number(labels.le ?? '')
    requests.set(edge, (requests.get(edge) ?? 0) + value)
  }
  return {
    at,
    db_errors_total: total(samples, 'db_errors_total'),
    db_available: total(samples, 'db_available'),
    resident_bytes: total(samples, 'process_resident_memory_bytes'),
    open_connections: total(samples, 'http_server_open_connections'),
    requests: requests.size > 0 ? requests : undefined,
    eventLoopDelay: sum !== undefined && count !== undefined ? { sum, count } : undefined,
  }
}

/** Reads the page once a second until stopped. */
export function watchMetrics(url: string): { readings: MetricsReading[]; stop: () => void } {
  const pool = connect(url, 2, 2_000)
  const readings: MetricsReading[] = []
  const read = async () => {
    const at = now()
    const page = await ask(pool, { method: 'GET', path: '/metrics' }).catch(() => undefined)
    readings.push(readingOf(page?.status === 200 ? parseMetrics(page.text) : [], at))
  }
  read()
  const timer = setInterval(read, 1000)
  const stop = () => {
    clearInterval(timer)
    pool.destroy()
  }
  return { readings, stop }
}
