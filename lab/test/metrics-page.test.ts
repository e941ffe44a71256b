import assert from 'node:assert/strict'
import { test } from 'node:test'
import { between, parseMetrics, readingOf, statusesBetween } from '../src/runner/metrics-page.ts'

test('a page in the text format is read: labels with escapes, no labels, time stamps, infinities', () => {
  const samples = parseMetrics(
    [
      '# HELP db_errors_total Uses that failed',
      '# TYPE db_errors_total counter',
      'db_errors_total{reason="locked"} 3',
      'db_errors_total{reason="a \\"b\\" } \\\\ \\n"} 4 1700000000000',
      'db_available 1',
      'x_bucket{le="+Inf"} +Inf',
      '',
    ].join('\n'),
  )
  assert.deepEqual(samples[1], { name: 'db_errors_total', labels: { reason: 'a "b" } \\ \n' }, value: 4 })
  assert.equal(samples[3]?.value, Number.POSITIVE_INFINITY)
  const { db_errors_total, db_available, resident_bytes } = readingOf(samples, 0)
  assert.deepEqual([db_errors_total, db_available, resident_bytes], [7, 1, undefined])
})

/** A page with so many data requests below 10 ms, below 100 ms and in all. */
function page(fast: number, medium: number, all: number, errors = 0) {
  const bucket = (le: string, count: number) =>
    `http_server_request_duration_seconds_bucket{http_route="/data/notes",le="${le}"} ${count}`
  return [
    bucket('0.01', fast),
    bucket('0.1', medium),
    bucket('+Inf', all),
    'http_server_request_duration_seconds_bucket{http_route="/health",le="+Inf"} 12345',
    `db_errors_total{reason="locked"} ${errors}`,
    'db_available 1',
    `nodejs_eventloop_delay_seconds_sum ${all / 1000}`,
    `nodejs_eventloop_delay_seconds_count ${all}`,
  ].join('\n')
}
const reading = (text: string, at: number) => readingOf(parseMetrics(text), at)

test('between two readings: rate and p95 of the data requests, errors, event loop delay', () => {
  const before = reading(page(100, 100, 100), 0)
  // 200 more in two seconds: 180 below 10 ms, 20 between 10 and 100 ms; the 190th is half way through those.
  const after = reading(page(280, 300, 300, 7), 2_000)
  assert.deepEqual(between(before, after), {
    db_errors: 7,
    event_loop_delay_ms: 1,
    server_rate: 100,
    server_p95_ms: 55,
  })
})

test('a counter that fell was started again and counts from 0', () => {
  const before = reading(page(100, 100, 100, 50), 0)
  const after = reading(page(40, 40, 40, 3), 1_000)
  const { db_errors, server_rate, server_p95_ms } = between(before, after)
  assert.deepEqual([db_errors, server_rate, server_p95_ms], [3, 40, 9.5])
})

test('a page that could not be read leaves a gap, not a zero', () => {
  const gap = reading('', 1_000)
  const nothing = { db_errors: null, event_loop_delay_ms: null, server_rate: null, server_p95_ms: null }
  assert.deepEqual(between(reading(page(1, 1, 1), 0), gap), nothing)
  assert.equal(between(gap, reading(page(1, 1, 1), 2_000)).server_rate, null)
})

test('statuses are counted between two readings only, not since the start of the API', () => {
  const counted = (n: number) =>
    reading(
      `http_server_request_duration_seconds_count{http_route="/data/notes",http_response_status_code="200"} ${n}`,
      n,
    )
  assert.deepEqual(statusesBetween(counted(5), counted(7)), { 200: 2 })
  assert.deepEqual(statusesBetween(reading('db_available 1', 0), counted(7)), { 200: 7 })
  for (const gap of [{ at: 0 }, reading('', 0)]) assert.deepEqual(statusesBetween(gap, counted(7)), {})
})

test('a database that can only be read is not available', () => {
  const page = 'db_available{operation="read"} 1\ndb_available{operation="write"} 0'
  assert.equal(reading(page, 0).db_available, 0)
  assert.equal(reading('db_available 1', 0).db_available, 1)
})

test('a second without requests has a rate of 0 and no p95', () => {
  const { server_rate, server_p95_ms } = between(reading(page(5, 5, 5), 0), reading(page(5, 5, 5), 1_000))
  assert.deepEqual([server_rate, server_p95_ms], [0, null])
})
