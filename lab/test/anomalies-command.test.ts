import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { defaults, series } from '../src/anomalies/detect.ts'
import { graceS } from '../src/anomalies/grade.ts'
import { anomalies } from '../src/commands/show.ts'
import { writeRun } from '../src/runner/write-run.ts'
import { readEvents } from '../src/runs/find-run.ts'
import { root, scratchFolder } from './helpers.ts'
import { fixtures, generated, outage, outageJournal } from './report-fixtures.ts'
import { sweepTable } from './sweep.ts'

test('every figure in docs/anomalies.md is what its command prints, or the sweep over the same runs', () => {
  const doc = readFileSync(join(root, 'docs', 'anomalies.md'), 'utf8')
  const [, folder] = /make anomalies RUN=(\S+)/.exec(doc) ?? []
  assert.equal(folder, relative(root, fixtures))
  const runs = readEvents('/nowhere', fixtures).map(({ events }) => events)
  const printed = `${anomalies('/nowhere', fixtures)}\n${sweepTable(runs)}`.split('\n')
  const tables = doc.split('\n').filter((line) => /^ {4}(z-score|window|above|the|any|[a-z0-9_]+ {4}|\d+ )/.test(line))
  assert.equal(tables.length, 14)
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
  assert.match(text, /precision/)
  assert.match(text, / +1 of 1 +100 % +1 s/)
  assert.match(text, /second 30: error_ratio, db_errors,\s+db_available, degraded$/)
})

test('seconds without labels are not graded, but their alarms are listed', (t) => {
  const file = join(scratchFolder(t), 'other-program.jsonl')
  const seconds = generated(60, (s) => (s >= 30 && s < 40 ? outage : {}))
  writeFileSync(file, seconds.map(({ fault, phase, ...rest }) => `${JSON.stringify(rest)}\n`).join(''))
  const text = anomalies('/nowhere', file)
  assert.match(text, /other-program\.jsonl, second 30: error_ratio/)
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
