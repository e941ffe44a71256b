import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import Database from 'better-sqlite3'
import { writeRun } from '../src/runner/write-run.ts'
import { root, scratchFolder } from './helpers.ts'
import { attacked, generated, outageJournal } from './report-fixtures.ts'

const runs = scratchFolder({ after })
const file = join(runs, 'lab.db')
// An outage that the API reports, a lock of eight seconds in which everything waits, and an attack.
const frozen = generated(40, (s) =>
  s >= 12 && s < 20
    ? { p95_ms: 1000 * (20 - s), degraded: s === 15 ? 0 : null, fault: 'lock', statuses: { 200: 90, 503: 10 } }
    : {},
)
const attack = { phase: 'guessing', name: 'guess-passwords', attempts: 50, statuses: { 401: 10, 429: 40 } }
for (const journal of [
  outageJournal(),
  { ...outageJournal(), experiment: 'busy-timeout', seconds: frozen },
  attacked(attack, { attempts: { 401: 1, 429: 4 }, phase: 'guessing' }),
])
  writeRun(runs, journal)

const query = /```sql\n([\s\S]*?)```/g
const documents = ['README.md', ...globSync('docs/*.md', { cwd: root })]
const queries = documents.flatMap((name) => {
  const text = readFileSync(join(root, name), 'utf8')
  const blocks = [...text.matchAll(query)].flatMap(([, block = '']) => block.split(/;\s*\n/))
  return blocks.filter((sql) => sql.trim() !== '').map((sql, i) => ({ name: `${name}, query ${i + 1}`, sql }))
})

type Row = Record<string, unknown>

function ask(sql: string): Row[] {
  const db = new Database(file, { readonly: true })
  try {
    return db.prepare(sql).all() as Row[]
  } finally {
    db.close()
  }
}

const version = spawnSync('sqlite3', ['--version'], { encoding: 'utf8' }).stdout ?? ''
const noSqlite = version === '' && 'the program sqlite3 is not installed'

for (const { name, sql } of queries) {
  test(`${name} answers, and every column of the answer is known somewhere`, () => {
    const rows = ask(sql)
    assert.ok(rows.length > 0)
    for (const column of Object.keys(rows[0] ?? {}))
      assert.ok(
        rows.some((row) => row[column] !== null),
        column,
      )
  })

  test(`${name} is understood by SQLite before 3.41, which takes digits behind ->> for an index`, () => {
    assert.doesNotMatch(sql, /->>\s*'\d+'/)
  })

  test(`${name} answers the same in the installed sqlite3 ${version.split(' ')[0]}`, { skip: noSqlite }, () => {
    const { stdout, stderr, status } = spawnSync('sqlite3', ['-json', '-readonly', file], {
      encoding: 'utf8',
      input: `${sql};`,
    })
    assert.equal(status, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), ask(sql))
  })
}

const named = (words: RegExp) => ask(queries.find(({ sql }) => words.test(sql))?.sql ?? '')

test('the query about silent suffering finds the whole freeze, and no edge of a reported outage', () => {
  const found = named(/although \/health/).map(({ second, fault }) => [fault, second])
  // From the second after the first to the last one in which p95 was still above a second.
  assert.deepEqual(
    found,
    [13, 14, 15, 16, 17, 18].map((second) => ['lock', second]),
  )
})

test('the query about faults shows that p95 falls while requests are refused, and rises while they wait for a lock', () => {
  for (const [fault, rises] of Object.entries({ chmod: false, lock: true })) {
    const [before, during] = named(/each kind of fault/).filter(({ kind }) => kind === fault)
    assert.deepEqual([before?.in_force, during?.in_force], [0, 1])
    assert.equal(Number(during?.p95_ms) > Number(before?.p95_ms), rises, fault)
  }
})

test('the query about attackers counts their attempts by status', () => {
  const found = named(/attackers meet/).map(({ status, attempts }) => [status, attempts])
  assert.deepEqual(found, [
    ['429', 40],
    ['401', 10],
  ])
})
