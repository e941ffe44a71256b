import type { Pool } from 'undici'
import { ask, connect } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { isWithin } from './selection.ts'

type MetricSample = { name: string; labels: Record<string, string>; value: number }

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
  return Number(text.replace('Inf', 'Infinity'))
}

/** One reading of the page, `at` a moment of clock.ts; a value is missing when the page or the series was. */
export type MetricsReading = { at: number } & Partial<ReturnType<typeof readingOf>>

/** What the runner needs of a page. */
export function readingOf(samples: MetricSample[], at: number) {
  const values = (name: string) => samples.filter((one) => one.name === name).map(({ value }) => value)
  const total = (name: string) => values(name).reduce<number | undefined>((sum = 0, value) => sum + value, undefined)
  const requests = new Map<number, number>()
  const statuses: Record<string, number> = {}
  for (const { name, labels, value } of samples) {
    if (!labels.http_route?.startsWith('/data/')) continue
    const { le = '', http_response_status_code: status = '' } = labels
    if (name === 'http_server_request_duration_seconds_count') statuses[status] = (statuses[status] ?? 0) + value
    if (name !== 'http_server_request_duration_seconds_bucket') continue
    const edge = number(le)
    requests.set(edge, (requests.get(edge) ?? 0) + value)
  }
  const loop = (state: string) => samples.find(({ labels }) => labels.nodejs_eventloop_state === state)?.value
  return {
    at,
    db_errors_total: total('db_errors_total'),
    // Reads and writes have a series each: the database is available when both are.
    db_available: values('db_available').sort((a, b) => a - b)[0],
    resident_bytes: total('process_resident_memory_bytes'),
    // With a good password.
    logged_in: samples.find(({ name, labels }) => name === 'auth_logins_total' && labels.outcome === 'success')?.value,
    // Answers to data requests.
    statuses: samples.length > 0 ? statuses : undefined,
    // Used by all its threads since it started.
    cpu_seconds: total('process_cpu_seconds_total'),
    // Transactions that SQLite has synced to the disk.
    commits: total('db_commit_batch_size_count'),
    // Requests in progress.
    active: total('http_server_active_requests'),
    // Data requests by the upper edge of their bucket, cumulative over edges and time; the last edge is Infinity.
    requests: requests.size > 0 ? [...requests].sort(([a], [b]) => a - b) : undefined,
    // Seconds in which its main thread worked, and in which it had nothing to do.
    active_seconds: loop('active'),
    idle_seconds: loop('idle'),
    delay_sum: total('nodejs_eventloop_delay_seconds_sum'),
    delay_count: total('nodejs_eventloop_delay_seconds_count'),
  }
}

/** Reads the page once; a reading without values where it cannot be read. */
export async function readMetrics(pool: Pool): Promise<MetricsReading> {
  const at = now()
  const page = await ask(pool, { method: 'GET', path: '/metrics' }).catch(() => undefined)
  return readingOf(page?.status === 200 ? parseMetrics(page.text) : [], at)
}

/** Reads the page once a second as long as what was `started` lasts. */
export function watchMetrics(url: string, started: AsyncDisposableStack): MetricsReading[] {
  const pool = started.adopt(connect(url, 2, 2_000), (pool) => pool.destroy())
  const readings: MetricsReading[] = []
  const read = async () => readings.push(await readMetrics(pool))
  read()
  started.adopt(setInterval(read, 1000), clearInterval)
  return readings
}

/** An API that was just killed needs a while to start. */
const asksForMs = 10_000

/** The seconds (since 1970) in the API's own record, METRICS_EVENTS, as soon as it answers; none where it keeps none. */
export async function keptSeconds(url: string): Promise<Set<number>> {
  for (const deadline = now() + asksForMs; now() < deadline; await sleep(100)) {
    const answer = await asked(`${url}/metrics/events`).catch(() => undefined)
    if (answer === undefined || answer.status === 503) continue
    const lines = answer.status === 200 ? answer.text.trim().split('\n').filter(Boolean) : []
    return new Set(lines.map((line) => Math.round(Date.parse(JSON.parse(line).time) / 1000)))
  }
  return new Set()
}

async function asked(url: string) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  return { status: answer.status, text: await answer.text() }
}

/** The two readings around the middle of a second; without values where there is none. */
function around(readings: MetricsReading[], from: number): [before: MetricsReading, after: MetricsReading] {
  const next = readings.findIndex(({ at }) => at > from + 500)
  return [readings[next - 1] ?? { at: from }, readings[next] ?? { at: from }]
}

/** What the API said of a second: its counters between the readings around the middle, its gauges as read in it. */
export function serverSecond(readings: MetricsReading[], from: number) {
  const within = readings.findLast(({ at }) => isWithin(at, from, from + 1000))
  return { ...between(...around(readings, from)), ...gauges(within) }
}

/** What the API's gauges said in a reading; null where it has a gap. */
export function gauges({ db_available, resident_bytes }: Partial<MetricsReading> = {}) {
  return {
    db_available: db_available === undefined ? null : db_available > 0 ? 1 : 0,
    memory_mb: resident_bytes === undefined ? null : Math.round(resident_bytes / 1e5) / 10,
  } as const
}

/** The logins that the API answered well in a second; NaN where a reading has a gap. */
export function loginsServed(readings: MetricsReading[], from: number): number {
  const [before, after] = around(readings, from)
  return rise(before.logged_in, after.logged_in)
}

/** What the API's counters said between two readings; null where a reading has a gap. */
export function between(before: MetricsReading, after: MetricsReading) {
  const requests = after.requests?.map(([edge, count], i): [number, number] => [
    edge,
    rise(before.requests?.[i]?.[1], count),
  ])
  const count = requests?.at(-1)?.[1]
  const delay = rise(before.delay_sum, after.delay_sum) / rise(before.delay_count, after.delay_count)
  return {
    db_errors: orNull(rise(before.db_errors_total, after.db_errors_total)),
    event_loop_delay_ms: orNull(1000 * delay),
    server_rate: orNull((1000 * (count ?? Number.NaN)) / (after.at - before.at)),
    server_p95_ms: orNull(1000 * bucketQuantile(requests ?? [], 0.95)),
  }
}

/** Share of the time between two readings in which the API's main thread worked; null where a reading has a gap. */
export function busyBetween(before: MetricsReading, after: MetricsReading): number | null {
  const active = rise(before.active_seconds, after.active_seconds)
  return orNull(active / (active + rise(before.idle_seconds, after.idle_seconds)))
}

/** The answers to data requests between two readings, by status; none after a reading with a gap. */
export function statusesBetween({ statuses: was }: MetricsReading, { statuses: is = {} }: MetricsReading) {
  if (was === undefined) return {}
  const rises = Object.entries(is).map(([status, n]) => [status, rise(was[status] ?? 0, n)] as const)
  return Object.fromEntries(rises.filter(([, n]) => n > 0))
}

/** By how much a counter rose. One that fell was started again, so it counts from 0. NaN where a reading has a gap. */
function rise(before = Number.NaN, after = Number.NaN): number {
  return after < before ? after : after - before
}

/** The quantile that Prometheus's histogram_quantile would give, in the unit of the edges; NaN without values. */
function bucketQuantile(buckets: [edge: number, count: number][], share: number): number {
  const wanted = share * (buckets.at(-1)?.[1] ?? 0)
  let [lower, below] = [0, 0]
  for (const [edge, count] of wanted > 0 ? buckets : []) {
    // Beyond the last edge nothing is known but that it is beyond.
    if (edge === Number.POSITIVE_INFINITY) return lower
    if (count >= wanted) return lower + ((edge - lower) * (wanted - below)) / (count - below)
    ;[lower, below] = [edge, count]
  }
  return Number.NaN
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 1000) / 1000 : null
}
