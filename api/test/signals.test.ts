import assert from 'node:assert/strict'
import { chmodSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { type Api, startApi, until } from './start-api.ts'

const document = readFileSync(join(import.meta.dirname, '../../docs/signals.md'), 'utf8')

// The rows of the table under a heading, each an array of its cells.
function table(heading: string): string[][] {
  const section = document.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}
const names = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => String(name))

let api: Api
let page: string
// One session with everything that has a signal of its own: requests, rejections, an outage, and the end.
before(async (t) => {
  api = await startApi(t as never)
  const token = await api.login()
  const json = { title: 'a', body: 'b' }
  await api.fetch('/data/notes', { method: 'POST', token, json })
  await api.fetch('/data/notes', { token: 'forged' })
  chmodSync(api.databasePath, 0)
  await api.fetch('/data/notes', { token })
  chmodSync(api.databasePath, 0o600)
  await api.logged((line) => line.msg === 'database available')
  await until('a garbage collection is on the page', async () => {
    page = await (await fetch(api.metricsUrl)).text()
    return page.includes('nodejs_gc_duration_seconds_count')
  })
  await api.stop()
})

test('docs/signals.md names every metric of the page with its type and labels, and no other', () => {
  const found = new Map<string, { type: string; labels: Set<string> }>()
  for (const [, name, type] of page.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    found.set(String(name), { type: String(type), labels: new Set() })
  }
  for (const [, name, labels] of page.matchAll(/^(\w+)(?:\{(.*)\})? /gm)) {
    const family = found.get(String(name)) ?? found.get(String(name).replace(/_(bucket|sum|count)$/, ''))
    assert.ok(family, `${name} has a TYPE line`)
    for (const [, label] of (labels ?? '').matchAll(/(\w+)="/g)) if (label !== 'le') family.labels.add(String(label))
  }
  const onPage = [...found].map(([name, { type, labels }]) => `${name} ${type} ${[...labels].sort()}`)
  const inDocument = table('Metrics').flatMap(([cell, type, , labels]) =>
    names(cell).map((name) => `${name} ${type} ${names(labels).sort()}`),
  )
  const linuxOnly = process.platform === 'linux' ? [] : names(document.match(/^.*\(Linux\).*$/gm)?.join('\n'))
  const expected = inDocument.filter((row) => !linuxOnly.some((name) => row.startsWith(`${name} `)))
  assert.deepEqual(onPage.sort(), expected.sort())
})

test('docs/signals.md names every field and message of the log, and no other', () => {
  const rows = table('Log')
  const fields = rows.flatMap(([cell]) => names(cell))
  const seen = new Set(api.logs.flatMap((line) => Object.keys(line)))
  // Not among the things that this session can cause; process, telemetry and load-shedding.test.ts do.
  assert.deepEqual([...seen, 'err', 'telemetry', 'shed'].sort(), fields.sort())
  const messages = names(rows.find(([cell]) => cell === '`msg`')?.[2])
  const caused = new Set(api.logs.map((line) => line.msg))
  const source = globSync('../src/**/*.ts', { cwd: import.meta.dirname }).map((file) =>
    readFileSync(join(import.meta.dirname, file), 'utf8'),
  )
  // Each call of the logger ends with its message, on one line or on a line of its own.
  const written = [...source.join('\n').matchAll(/\blog(?:\.\w+|\[[^\]]+\])\((?:[^()]*, )?'([^']+)'\)/g)].map(
    ([, message]) => String(message),
  )
  assert.deepEqual([...new Set(written)].sort(), messages.sort())
  for (const message of caused) assert.ok(messages.includes(message), message)
})

test('docs/signals.md lists every reason, outcome and rejection that the page has as a label', () => {
  for (const [, value] of page.matchAll(/(?:reason|outcome)="(\w+)"/g)) {
    assert.match(document, new RegExp(`\\b${value}\\b`))
  }
})
