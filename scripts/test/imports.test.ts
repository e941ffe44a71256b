// Imports in lab/src lead down the list of CONTRIBUTING.md, so that a reader can take one folder after another.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { test } from 'node:test'

const source = join(import.meta.dirname, '../../lab/src')
const page = readFileSync(join(source, '../../CONTRIBUTING.md'), 'utf8')
// A file imports from its own layer and from those below it; files that the list does not name are the lowest.
const layers = [...page.matchAll(/^- (`.+`):/gm)].flatMap(([, names = '']) => names.replaceAll('`', '').split(', '))
const layerOf = (file: string) => {
  const [first = '', ...rest] = file.split('/')
  return rest.length > 0 || layers.includes(first) ? layers.indexOf(first) : layers.length
}

const files = globSync('**/*.{ts,js}', { cwd: source })
const imports = files.flatMap((file) => {
  const text = readFileSync(join(source, file), 'utf8')
  const found = [...text.matchAll(/(?:from|import|import\()\s*'(\.[^']+)'/g)]
  return found
    .map(([, to = '']) => ({ from: file, to: normalize(join(file, '..', to)) }))
    .filter(({ to }) => !to.startsWith('..'))
})

test('every file of lab/src stands in a known layer, and the imports are found', () => {
  assert.deepEqual(
    files.filter((file) => layerOf(file) < 0),
    [],
  )
  assert.ok(imports.length > files.length)
})

test('imports lead downwards, so no two layers need each other', () => {
  const upwards = imports.filter(({ from, to }) => layerOf(to) < layerOf(from))
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
