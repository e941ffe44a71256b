import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMetrics, total } from '../src/runner/metrics-page.ts'

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
  assert.equal(total(samples, 'db_errors_total'), 7)
  assert.equal(total(samples, 'db_available'), 1)
  assert.equal(total(samples, 'absent'), undefined)
})
