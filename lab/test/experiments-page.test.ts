import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { allKinds } from '../src/faults/all.ts'
import { root } from './helpers.ts'

const page = readFileSync(join(root, 'docs', 'experiments.md'), 'utf8')

test('the page names every kind of fault', () => {
  for (const kind of allKinds) assert.ok(page.includes(`\`${kind}\``), kind)
})
