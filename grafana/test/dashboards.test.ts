import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { products } from '../src/products.ts'

const root = join(import.meta.dirname, '../..')

test('the dashboards and the rules of the goals are what the code and slo.json make', () => {
  for (const [file, content] of products()) {
    const stale = `${file} is stale; run: node scripts/node26.cjs grafana/build.ts`
    assert.equal(readFileSync(join(root, file), 'utf8'), content, stale)
  }
})

test('no dashboard lies in the folder that the code does not make', () => {
  const made = products().map(([file]) => file)
  for (const name of readdirSync(join(root, 'grafana/dashboards'))) {
    assert.ok(made.includes(`grafana/dashboards/${name}`), name)
  }
})
