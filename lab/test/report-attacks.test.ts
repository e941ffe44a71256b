import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chartData } from '../src/report/charts.ts'
import { reportHtml } from '../src/report/report.ts'
import type { Journal } from '../src/runs/journal.ts'
import { attacked, generated, outageJournal } from './report-fixtures.ts'

const flood = () =>
  attacked(
    { phase: 'flood', name: 'flood', attempts: 50, statuses: { 0: 30, 408: 15, 503: 5 } },
    { attempts: { 0: 3, 408: 2, 413: 1 }, memory_mb: 150, open_connections: 400 },
  )
const textOf = (journal: Journal) =>
  reportHtml(journal)
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
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
  assert.equal(chart(journal, 'connections')?.lines[0]?.values.at(-1), 400)
  assert.deepEqual(chartData(journal).faults, [{ kind: 'flood', from: 10, to: 20 }])
  assert.equal(chart(journal, 'database'), undefined, 'nobody touched it')
  for (const id of ['attack', 'memory', 'connections'])
    assert.match(reportHtml(journal), new RegExp(`<figure id="${id}"`))
  assert.match(
    textOf(journal),
    /flood: 50 attempts, 0 accepted, 30 without an answer, 15 answered 408, 5 answered 503\./,
  )
  assert.match(textOf(journal), /Red is where somebody attacked/)
  const crowd = /a hundred connections that say nothing are opened at once, as one attempt/
  assert.match(textOf(journal), crowd)
  const { attacks: [attack] = [], ...rest } = journal
  assert.doesNotMatch(textOf({ ...rest, attacks: attack && [{ ...attack, name: 'forged-tokens' }] }), crowd)
})

test('guesses at a secret are drawn as such, and it is told whether it was found', () => {
  const attack = { phase: 'guessable', name: 'guessable-secret', attempts: 200, guesses: 9216 }
  const found = attacked({ ...attack, statuses: { 0: 5, 200: 195 } }, { guesses: 900 })
  assert.deepEqual(
    chart(found, 'attack')?.lines.map(({ name, values }) => [name, values[10]]),
    [['guesses', 900]],
  )
  assert.equal(chart(found, 'memory'), undefined)
  assert.match(textOf(found), /guessable: 9,216 guesses offline, the secret was found\./)
  const safe = attacked({ ...attack, statuses: { 0: 200 } }, { guesses: 900 })
  assert.match(textOf(safe), /guesses offline, the secret was not found\./)
})

test('runs without an attack, or from before it was recorded second by second, have none of it', () => {
  const quiet = outageJournal()
  assert.equal(chart(quiet, 'attack'), undefined)
  assert.match(textOf(quiet), /Red is where a fault was in force/)
  const { seconds, ...rest } = flood()
  const older = { ...rest, seconds: generated(20) }
  assert.equal(chart(older, 'memory'), undefined)
  assert.match(textOf(older), /flood: 50 attempts/)
})
