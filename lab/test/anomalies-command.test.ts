import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaults, series } from '../src/anomalies/detect.ts'
import { graceS } from '../src/anomalies/grade.ts'
import { anomalies, grades } from '../src/commands/show.ts'
import { gradeTable, gradeWords } from '../src/report/tables.ts'
import { writeRun } from '../src/runner/write-run.ts'
import { root, scratchFolder } from './helpers.ts'
import { outageJournal, recorded, recordedRuns } from './report-fixtures.ts'
import { sweepTable } from './sweep.ts'

test('every figure in docs/anomalies.md is made from the recorded runs: the grades, and the sweep', () => {
  const doc = readFileSync(join(root, 'docs', 'anomalies.md'), 'utf8')
  const runs = recordedRuns().map(recorded)
  const printed = [grades(runs, 'mean'), grades(runs, 'median'), sweepTable(runs)].join('\n').split('\n')
  const tables = doc.split('\n').filter((line) => /^ {4}(z-score|window|above|the|any|[a-z0-9_]+ {4}|\d+ )/.test(line))
  assert.equal(tables.length, 12)
  for (const line of tables) assert.ok(printed.includes(line.trim()), `not printed: ${line}`)
  for (const line of printed) assert.ok(line.length <= 80, `wider than a terminal: ${line}`)
})

test('docs/anomalies.md names the settings as they are', () => {
  const doc = readFileSync(join(root, 'docs', 'anomalies.md'), 'utf8')
  const numbers = [
    /the last (\d+) calm seconds/,
    /Before there are (\d+) of them/,
    /\*\*Threshold\*\*: (\d+)/,
    /longer than (\d+) s/,
    /in the (\d+) s after/,
    /\((\d+) % of errors/,
    /% of errors, (\d+) ms/,
  ].map((one) => Number(one.exec(doc)?.[1]))
  const { window, warmUp, threshold, memory } = defaults
  assert.deepEqual(numbers, [
    window,
    warmUp,
    threshold,
    memory,
    graceS,
    100 * series.error_ratio.floor,
    series.p95_ms.floor,
  ])
})

test('the newest run is graded, and each alarm is listed with the series that alarmed', (t) => {
  const runs = join(scratchFolder(t), 'runs')
  writeRun(runs, outageJournal())
  const text = anomalies(runs)
  assert.match(text, /^2026-.*-outage-chmod: 80 s, chmod at 30 s for 21 s\n/)
  const { heads } = gradeTable([], 'mean')
  assert.deepEqual(
    gradeWords.map((one) => one.split(':')[0]),
    heads.slice(1),
    'every column is explained',
  )
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line)
  assert.match(text, / +1 of 1 +100 % +1 s/)
  assert.match(text, /second 30: error_ratio, db_errors,\s+db_available, degraded$/)
})
