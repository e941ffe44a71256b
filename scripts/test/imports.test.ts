// Imports in lab/src lead downwards only, so that a reader can take one room after another.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { test } from 'node:test'

const source = join(import.meta.dirname, '../../lab/src')
// From the top to the bottom. A file imports from its own room and from rooms below it.
const rooms = ['main.ts', 'commands.ts', 'commands', 'server', 'lessons', 'course', 'tradeoffs', 'experiments']
rooms.push(
  'runner',
  'report',
  'anomalies',
  'runs',
  'page',
  'targets',
  'attacks',
  'load',
  'models',
  'faults',
  'the rest',
)
const roomOf = (file: string) => {
  const [first = '', ...rest] = file.split('/')
  return rooms.indexOf(rest.length > 0 || rooms.includes(first) ? first : 'the rest')
}

const files = globSync('**/*.{ts,js}', { cwd: source })
const imports = files.flatMap((file) => {
  const text = readFileSync(join(source, file), 'utf8')
  const found = [...text.matchAll(/(?:from|import|import\()\s*'(\.[^']+)'/g)]
  return found
    .map(([, to = '']) => ({ from: file, to: normalize(join(file, '..', to)) }))
    .filter(({ to }) => !to.startsWith('..'))
})

test('every file of lab/src stands in a known room, and the imports are found', () => {
  assert.deepEqual(
    files.filter((file) => roomOf(file) < 0),
    [],
  )
  assert.ok(imports.length > files.length)
})

test('imports lead downwards, so no two rooms need each other', () => {
  const upwards = imports.filter(({ from, to }) => roomOf(to) < roomOf(from))
  assert.deepEqual(upwards.map(({ from, to }) => `${from} -> ${to}`).sort(), [])
})

test('a file under 40 lines with one importer is a part of that importer', () => {
  const aside = /^(experiments|tradeoffs|faults|attacks)\//
  const small = files.filter(
    (file) => !aside.test(file) && readFileSync(join(source, file), 'utf8').split('\n').length <= 40,
  )
  const importers = (file: string) => new Set(imports.filter(({ to }) => to === file).map(({ from }) => from))
  assert.deepEqual(
    small.filter((file) => importers(file).size === 1).map((file) => `${file} <- ${[...importers(file)]}`),
    [],
  )
})
