import { ask, connect } from '../api-client.ts'
import { now } from '../clock.ts'
import { isWithin } from './selection.ts'

export type MetricSample = { name: string; labels: Record<string, string>; value: number }

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** The samples of a page in Prometheus's text format; comments and unknown lines are left out. */
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

/** The smallest value of all series of a name; undefined when the page has none. */
function smallest(samples: MetricSample[], name: string): number | undefined {
  const values = samples.flatMap((sample) => (sample.name === name ? [sample.value] : []))
  return values.length > 0 ? Math.min(...values) : undefined
}

/** One reading of the page, `at` a moment of clock.ts; a value is missing when the page or the series was. */
export type MetricsReading = {
  at: number
  db_errors_total?: number
  db_available?: number
  resident_bytes?: number
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
    // Reads and writes may have a series of their own: the database is available when both are.
    db_available: smallest(samples, 'db_available'),
    resident_bytes: total(samples, 'process_resident_memory_bytes'),
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

/** What the API's counters said between two readings of its metrics page; null where a reading has a gap. */
export type ServerSecond = {
  db_errors: number | null
  event_loop_delay_ms: number | null
  server_rate: number | null
  server_p95_ms: number | null
}

const silence: ServerSecond = {
  db_errors: null,
  event_loop_delay_ms: null,
  server_rate: null,
  server_p95_ms: null,
}

/** What the API said of a second: its counters between the readings around the middle, its gauges as read in it. */
export function serverSecond(readings: MetricsReading[], from: number) {
  const next = readings.findIndex(({ at }) => at > from + 500)
  const [before, after] = [readings[next - 1], readings[next]]
  const db_available = readings.findLast(({ at }) => isWithin(at, from, from + 1000))?.db_available
  // One reading a second: when the next one is late, the last one still tells how much there was.
  const last = readings.findLast(
    (one) => one.resident_bytes !== undefined && isWithin(one.at, from - 1000, from + 1000),
  )
  return {
    ...(before && after ? between(before, after) : silence),
    db_available: db_available === undefined ? null : db_available > 0 ? 1 : 0,
    memory_mb: last?.resident_bytes === undefined ? null : Math.round(last.resident_bytes / 1e5) / 10,
  } as const
}

/** The difference of two readings. A counter that fell was started again, so it counts from 0. */
export function between(before: MetricsReading, after: MetricsReading): ServerSecond {
  const seconds = (after.at - before.at) / 1000
  const restarted = (after.db_errors_total ?? 0) < (before.db_errors_total ?? 0) || fell(before, after)
  const from = restarted ? undefined : before
  const known = before.requests !== undefined && after.requests !== undefined
  const requests = known ? difference(from?.requests ?? new Map(), after.requests ?? new Map()) : undefined
  const count = requests?.get(Number.POSITIVE_INFINITY)
  return {
    db_errors: rise(before.db_errors_total, after.db_errors_total, restarted),
    event_loop_delay_ms: meanDelay(from, after),
    server_rate: count === undefined ? null : round(count / seconds),
    server_p95_ms: requests === undefined ? null : round(bucketQuantile(requests, 0.95) * 1000),
  }
}

function fell(before: MetricsReading, after: MetricsReading): boolean {
  const all = ({ requests }: MetricsReading) => requests?.get(Number.POSITIVE_INFINITY)
  return (all(after) ?? 0) < (all(before) ?? 0) && all(after) !== undefined
}

function rise(before: number | undefined, after: number | undefined, restarted: boolean): number | null {
  if (after === undefined || before === undefined) return null
  return restarted ? after : after - before
}

function meanDelay(before: MetricsReading | undefined, { eventLoopDelay: after }: MetricsReading): number | null {
  if (after === undefined) return null
  const { sum, count } = before?.eventLoopDelay ?? { sum: 0, count: 0 }
  return after.count > count ? round(((after.sum - sum) / (after.count - count)) * 1000) : null
}

function difference(before: Map<number, number>, after: Map<number, number>): Map<number, number> {
  return new Map([...after].map(([edge, count]) => [edge, count - (before.get(edge) ?? 0)]))
}

/** The quantile that Prometheus's histogram_quantile would give, in the unit of the edges; NaN without values. */
function bucketQuantile(buckets: Map<number, number>, share: number): number {
  const edges = [...buckets].sort(([a], [b]) => a - b)
  const all = edges.at(-1)?.[1] ?? 0
  if (all === 0) return Number.NaN
  let [lower, below] = [0, 0]
  for (const [edge, count] of edges) {
    if (count >= share * all) {
      // Beyond the last edge nothing is known but that it is beyond.
      if (edge === Number.POSITIVE_INFINITY) return lower
      return lower + ((edge - lower) * (share * all - below)) / (count - below)
    }
    ;[lower, below] = [edge, count]
  }
  return lower
}

function round(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(value * 1000) / 1000
}
