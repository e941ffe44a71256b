import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Load } from '../src/load/load.ts'
import type { Experiment } from '../src/runner/experiment.ts'
import { attackHeading, headOf, liveTable } from '../src/runner/live-rows.ts'
import { conclusion, textTable } from '../src/runner/screen.ts'
import { outageJournal } from './report-fixtures.ts'

const ok = { at: 0, done: 0, status: 200, degraded: false }
const degraded = { ...ok, degraded: true }
const calm = { sent: 300, answered: 300, failed: 0, p95_ms: 10 }
const refused = { ...calm, failed: 300 }
type Answers = typeof calm

/** What Node looks at to tell whether a terminal has colours. */
function colours(has: boolean): void {
  process.env.FORCE_COLOR = has ? '1' : '0'
}
colours(false)

/** The seconds of which a row is printed. */
function shown(seconds: [string, Answers, typeof ok][]): number[] {
  const table = liveTable()
  return seconds.flatMap(([phase, answers, health], i) => (table(i, phase, answers, health) ? [i] : []))
}

test('while nothing changes only every fifth second has a row, and so has the first one of each phase', () => {
  const seconds = Array.from({ length: 14 }, (_, i): [string, Answers, typeof ok] => [i < 12 ? 'a' : 'b', calm, ok])
  assert.deepEqual(shown(seconds), [0, 5, 10, 12])
})

test('a second in which something begins or ends has a row', () => {
  const changes: [Answers, typeof ok][] = [
    [refused, ok],
    [calm, degraded],
    [{ ...calm, p95_ms: 80 }, ok],
    [{ ...calm, answered: 8 }, ok],
  ]
  for (const [answers, health] of changes)
    assert.deepEqual(
      shown([
        ['a', calm, ok],
        ['a', calm, ok],
        ['a', answers, health],
        ['a', calm, ok],
      ]),
      [0, 2, 3],
    )
  assert.deepEqual(
    shown([
      ['a', calm, ok],
      ['a', { ...calm, p95_ms: 18 }, ok],
    ]),
    [0],
    '8 ms are no news',
  )
})

test('what changed is named behind the row without colours, and coloured with them; no row is wider than the screen', () => {
  const rows = (hasColours: boolean) => {
    colours(hasColours)
    const table = liveTable()
    table(1, 'a-long-phase-name', calm, ok)
    return table(2, 'a-long-phase-name', refused, degraded) ?? ''
  }
  assert.match(rows(false), /<- failed, health$/)
  assert.ok(rows(false).length <= 80, `${rows(false).length} columns`)
  colours(false)
  const all = liveTable()
  all(1, 'a-long-phase-name', calm, ok)
  const row = all(2, 'a-long-phase-name', { ...refused, p95_ms: 1_234 }, degraded) ?? ''
  assert.match(row, /<- failed, p95$/)
  assert.ok(row.length <= 80, `${row.length} columns`)
  const red = '\u001b[31m'
  assert.deepEqual([rows(false).split(red).length, rows(true).split(red).length], [1, 3])
  colours(true)
  const table = liveTable()
  table(1, 'a', refused, degraded)
  assert.equal(table(2, 'a', calm, ok)?.split('\u001b[32m').length, 3, 'what gets better is green')
  colours(false)
})

test("the columns stand under their heads, and an attack's attempts in a column of their own", () => {
  const answers = { sent: 300, answered: 299, failed: 150, p95_ms: 10 }
  const attack = { accepted: 1, refused: 18, unanswered: 0, error: 1, guesses: 0 }
  const row = liveTable()(6, 'guessing', answers, ok, attack) ?? ''
  const end = (text: string, part: string) => text.indexOf(part) + part.length
  for (const [head, cell] of [
    ['time', '7 s'],
    ['sent', ' 300'],
    ['answered', '299'],
    ['failed', '150'],
    ['p95 ms', '   10'],
  ] as const)
    assert.equal(end(row, cell), end(attackHeading, head), `${head}\n${attackHeading}\n${row}`)
  assert.equal(row.indexOf('ok'), attackHeading.indexOf('/health'))
  assert.equal(row.indexOf('1 of 20'), attackHeading.indexOf('let in'))
})

test('of k6 the column has what was due, under a head that says so', () => {
  const phase = { name: 'a', rate: 300, seconds: 1 }
  const head = (load: object) => headOf(phase, { experiment: {} as Experiment, load: load as Load })
  assert.ok(head({ waiting: () => [] }).includes(' sent answered'))
  assert.ok(head({}).includes('  due answered') && !head({}).includes('sent'))
})

test('what changed stands apart from what an attack got, and fits on the screen', () => {
  const attacks = [
    [{ accepted: 0, refused: 101, unanswered: 0, error: 0, guesses: 0 }, '0 of 101'],
    [{ accepted: 0, refused: 0, unanswered: 0, error: 0, guesses: 24_069 }, '24K tried'],
    [{ accepted: 0, refused: 0, unanswered: 0, error: 0, guesses: 1_240_690 }, '1.2M tried'],
  ] as const
  for (const [attack, cell] of attacks) {
    const table = liveTable()
    table(1, 'guessing', calm, ok, attack)
    const row = table(2, 'guessing', { ...calm, p95_ms: 900 }, ok, attack) ?? ''
    assert.match(row, new RegExp(` ${cell} +<- p95$`))
    assert.ok(row.length <= 80, row)
  }
})

test('the conclusion names verdict, what was seen, why, and what to try next, in this order and within 80 columns', () => {
  const journal = { ...outageJournal(), learned: 'a refusal costs no work', next: 'outage-lock' }
  const text = conclusion(journal)
  const places = ['PASS', '1,999 of 2,001', 'a refusal costs no work', 'NAME=outage-lock'].map((part) =>
    text.indexOf(part),
  )
  assert.ok(!places.includes(-1), text)
  assert.deepEqual(
    places.toSorted((a, b) => a - b),
    places,
  )
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line)
})

test('a table has its first column to the left, the others to the right, and no lines', () => {
  const text = textTable(
    ['', 'A', 'difference'],
    [
      ['p95', '10', '–'],
      ['failed', '1,999', '+1'],
    ],
  )
  assert.equal(text, '            A  difference\np95        10           –\nfailed  1,999          +1')
})
