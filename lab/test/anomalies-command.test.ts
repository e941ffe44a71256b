import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { usual } from '../src/anomalies/detect.ts'
import { anomalies } from '../src/commands/anomalies.ts'
import { writeRun } from '../src/runner/write-run.ts'
import { root, scratchFolder } from './helpers.ts'
import { fixtures, generated, outage, outageJournal } from './report-fixtures.ts'

test('every figure in docs/anomalies.md is what its command prints', () => {
  const doc = readFileSync(join(root, 'docs', 'anomalies.md'), 'utf8')
  const [, folder] = /make anomalies RUN=(\S+)/.exec(doc) ?? []
  assert.equal(folder, relative(root, fixtures))
  const printed = anomalies('/nowhere', fixtures).split('\n')
  const tables = doc.split('\n').filter((line) => /^ {4}(z-score|threshold|the|any|[a-z0-9_]+ {4}|\d+ )/.test(line))
  assert.equal(tables.length, 14)
  for (const line of tables) assert.ok(printed.includes(line.trim()), `not printed: ${line}`)
})

test('docs/anomalies.md tells the tuning as it is', () => {
  const doc = readFileSync(join(root, 'docs', 'anomalies.md'), 'utf8')
  assert.deepEqual([usual.window, usual.warmUp, usual.threshold, usual.memory], [30, 10, 4, 300])
  assert.match(doc, /last 30 calm seconds/)
  assert.match(doc, /Before ten of them/)
  assert.match(doc, /Beyond \*\*4\*\*/)
  assert.match(doc, /longer than five minutes/)
})

test('the newest run is graded, and each alarm is told with the series that rang', (t) => {
  const runs = join(scratchFolder(t), 'runs')
  writeRun(runs, outageJournal())
  const text = anomalies(runs)
  assert.match(text, /^2026-.*-outage-chmod: 80 s, chmod at 30 s for 21 s\n/)
  assert.match(text, /^the combination +1 of 1 +100 % +1 s/m)
  assert.match(text, /second 30: error_ratio, db_errors, db_available, degraded\n/)
})

test('seconds without labels are not graded, but their alarms are told', (t) => {
  const file = join(scratchFolder(t), 'somebody-elses.jsonl')
  const seconds = generated(60, (s) => (s >= 30 && s < 40 ? outage : {}))
  writeFileSync(file, seconds.map(({ fault, phase, ...rest }) => `${JSON.stringify(rest)}\n`).join(''))
  const text = anomalies('/nowhere', file)
  assert.match(text, /No second is labelled/)
  assert.match(text, /somebody-elses\.jsonl, second 30: error_ratio/)
  assert.doesNotMatch(text, /precision/)
})

test('seconds that have but one series are enough', (t) => {
  const file = join(scratchFolder(t), 'one-series.jsonl')
  const seconds = Array.from({ length: 60 }, (_, second) => ({
    second,
    error_ratio: second > 40 ? 0.5 : 0,
    fault: null,
  }))
  writeFileSync(file, seconds.map((one) => `${JSON.stringify(one)}\n`).join(''))
  assert.match(anomalies('/nowhere', file), /one-series\.jsonl, second 43: error_ratio/)
})
