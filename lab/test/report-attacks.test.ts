import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chartData } from '../src/report/charts.ts'
import { serviceStory } from '../src/report/story.ts'
import type { Journal } from '../src/runs/journal.ts'
import { attacked, generated, outageJournal } from './report-fixtures.ts'

const flood = () =>
  attacked(
    { phase: 'flood', name: 'flood', attempts: 50, statuses: { 0: 30, 408: 15, 503: 5 } },
    { attempts: { 0: 3, 408: 2, 413: 1 }, memory_mb: 150 },
  )
const chart = (journal: Journal, id: string) => chartData(journal).charts.find((one) => one.id === id)

test('an attack is drawn by how its attempts ended, beside what it cost, with its phase shaded', () => {
  const journal = flood()
  const lines = chart(journal, 'attack')?.lines.map(({ name, values }) => [name, values[9], values[10]])
  const expected = [
    ['accepted (2xx)', 0, 0],
    ['refused (408)', 0, 2],
    ['refused (413)', 0, 1],
    ['no answer', 0, 3],
  ]
  assert.deepEqual(lines, expected)
  assert.equal(chart(journal, 'memory')?.lines[0]?.values.at(-1), 150)
  assert.deepEqual(chartData(journal).bands, [{ name: 'flood', from: 10, to: 20 }])
  assert.equal(chart(journal, 'database'), undefined, 'no fault touched it')
  assert.match(
    serviceStory(journal).join(' '),
    /flood: 50 attempts .*, 0 accepted, 30 without an answer, 15 answered 408, 5 answered 503\./,
  )
})

test('guesses at a secret are drawn as such, and the story says whether it was found', () => {
  const attack = { phase: 'guessable', name: 'guessable-secret', attempts: 200, guesses: 9216 }
  const found = attacked({ ...attack, statuses: { 0: 5, 200: 195 } }, { guesses: 900 })
  assert.deepEqual(
    chart(found, 'attack')?.lines.map(({ name, values }) => [name, values[10]]),
    [['guesses', 900]],
  )
  assert.equal(chart(found, 'memory'), undefined)
  assert.match(serviceStory(found).join(' '), /guessable: 9,216 guesses .* was found\./)
  const safe = attacked({ ...attack, statuses: { 0: 200 } }, { guesses: 900 })
  assert.match(serviceStory(safe).join(' '), /guesses .* was not found\./)
})

test('runs without an attack, or from before it was recorded second by second, have none of it', () => {
  const quiet = outageJournal()
  assert.equal(chart(quiet, 'attack'), undefined)
  const { seconds, ...rest } = flood()
  const older = { ...rest, seconds: generated(20) }
  assert.equal(chart(older, 'memory'), undefined)
  assert.match(serviceStory(older).join(' '), /flood: 50 attempts/)
})
