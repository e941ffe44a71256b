import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { allKinds } from '../src/faults/fault.ts'
import { root } from './helpers.ts'

const folder = join(root, 'lab', 'src', 'experiments')
const page = readFileSync(join(root, 'docs', 'experiments.md'), 'utf8')

test('the example on the page is one of the experiments, to the letter', () => {
  const [, name = ''] = /\[`([\w-]+\.ts)`\]\(\.\.\/lab\/src\/experiments/.exec(page) ?? []
  const [, example] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  assert.equal(example, readFileSync(join(folder, name), 'utf8'))
})

test('the page names every kind of fault', () => {
  for (const kind of allKinds) assert.ok(page.includes(`\`${kind}\``), kind)
})
