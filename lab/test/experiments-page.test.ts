import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { allKinds } from '../src/faults/fault.ts'
import { root } from './helpers.ts'

const folder = join(root, 'lab', 'src', 'experiments')
const page = readFileSync(join(root, 'docs', 'experiments.md'), 'utf8')

test('the page explains every key of the example that it names', () => {
  const [, name = ''] = /\[`([\w-]+\.ts)`\]\(\.\.\/lab\/src\/experiments/.exec(page) ?? []
  const example = readFileSync(join(folder, name), 'utf8')
  const keys = [...example.matchAll(/^ {4}(\w+)[:,]/gm)].map(([, key = '']) => key)
  assert.ok(keys.length > 5)
  for (const key of keys) assert.ok(page.includes(`**\`${key}\``), key)
})

test('the page names every kind of fault', () => {
  for (const kind of allKinds) assert.ok(page.includes(`\`${kind}\``), kind)
})
