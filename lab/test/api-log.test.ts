import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepLog } from '../src/targets/api-child.ts'

const line = (fields: object) => JSON.stringify({ time: '2026-01-01T00:00:00.000Z', ...fields })

test('every line but those of successful requests is kept, with what is judged', () => {
  const log = keepLog()
  const lines = [
    line({ msg: 'listening', port: 1, metrics_port: 2 }),
    line({ msg: 'database unavailable', reason: 'locked', db_unavailable: true }),
    line({ msg: 'request', request_id: 'a', status: 503, db_unavailable: true, reason: 'locked' }),
    line({ msg: 'another line', request_id: 'a', status: 503, db_unavailable: true }),
    line({ msg: 'request', status: 401 }),
    'Error: not JSON at all',
  ]
  const successful = [200, 201, 204, 301].map((status) => line({ msg: 'request', status, duration_ms: 1 }))
  for (const text of [...successful, ...lines, ...successful]) log.take(text)
  assert.deepEqual(log.kept, lines)
  assert.deepEqual(log.listening, { port: 1, metricsPort: 2 })
  assert.deepEqual(log.refusals, new Set(['a']))
})

test('a long outage keeps 20,000 lines and one that says so, and counts every refusal', () => {
  const log = keepLog()
  const refused = (i: number) => line({ msg: 'request', request_id: `${i}`, status: 503, db_unavailable: true })
  for (let i = 0; i < 20_500; i++) log.take(refused(i))
  assert.deepEqual([log.kept.length, log.refusals.size], [20_001, 20_500])
  assert.deepEqual([log.kept[19_999] === refused(19_999), log.kept[20_000] === refused(20_000)], [true, false])
})
