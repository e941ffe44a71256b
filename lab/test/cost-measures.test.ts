import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Experiment } from '../src/runner/experiment.ts'
import { measure } from '../src/runner/measures.ts'
import { readingOf } from '../src/runner/metrics-page.ts'
import { loadSlo } from '../src/slo.ts'
import { root } from './helpers.ts'
import { at, recorded } from './recorded.ts'

const slo = loadSlo(join(root, 'slo.json'))
const experiment: Experiment = {
  ...{ question: '', hypothesis: '', expectations: [], predictions: [], level: 1, order: 1, learned: '', next: '' },
  phases: [
    { name: 'quiet', rate: 100, seconds: 10 },
    { name: 'after', rate: 100, seconds: 10 },
  ],
}

/** A run in which the API used 50 ms of CPU time, and made 5 commits, each second. */
function run() {
  const played = recorded(experiment)
  played.metrics = played.metrics.map((one, i) => ({ ...one, cpu_seconds: 7 + 0.05 * i, commits: 3 + 5 * i }))
  return played
}

test('CPU time per request counts between the readings of the phase', () => {
  // Of 100 requests a second that use 50 ms together.
  assert.equal(measure('cpu_per_request', 'quiet', run(), slo).value?.toFixed(2), '0.50')
  assert.equal(measure('cpu_per_request', 'quiet', recorded(experiment), slo).value, undefined)
})

test('commits, and the notes that share one', () => {
  assert.equal(measure('commits_per_second', 'after', run(), slo).value, 5)
  // 15 of 100 requests write a note.
  const shared = measure('notes_per_commit', 'after', run(), slo).value ?? 0
  assert.ok(Math.abs(shared - 3) < 0.2, String(shared))
})

test('of the requests of a second, those count that were served in it', () => {
  const played = run()
  assert.equal(Math.round(measure('served_per_second', 'quiet', played, slo).value ?? 0), 100)
  for (const [i, one] of played.results.entries()) if (i % 2 === 0) one.status = 503
  assert.equal(Math.round(measure('served_per_second', 'quiet', played, slo).value ?? 0), 50)
})

test('the seconds kept are those since the begin of the run, until the end of the phase', () => {
  const played = run()
  const [quiet, after] = played.phases
  const second = (n: number) => at(n) / 1000
  if (quiet) quiet.kept = new Set([second(-5), second(0), second(4), second(9)])
  if (after) after.kept = new Set([second(10)])
  assert.equal(measure('seconds_kept', 'quiet', played, slo).value, 30)
  assert.equal(measure('seconds_kept', 'after', played, slo).value, 5)
  assert.equal(measure('seconds_kept', 'quiet', run(), slo).value, undefined)
})

test('a page is read for CPU time and commits', () => {
  const samples = ['process_cpu_seconds_total', 'db_commit_batch_size_count'].map((name, i) => ({
    ...{ name, labels: {} },
    value: i + 1,
  }))
  const { cpu_seconds, commits } = readingOf(samples, 0)
  assert.deepEqual([cpu_seconds, commits], [1, 2])
})
