import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const pages = ['README.md', ...globSync('docs/*.md', { cwd: root })]

test('the table of goals in the README is slo.json', () => {
  const goals: Record<string, Record<string, number>> = JSON.parse(read('slo.json')).goals
  const expected = Object.entries(goals).map(([name, goal]) => {
    const { rate, duration_seconds, quantile = 0, latency_ms, error_ratio = 0 } = goal
    const latency = `p${quantile * 100} < ${latency_ms} ms`
    return `| ${name} | ${rate} requests/s for ${duration_seconds} s | ${latency} | < ${error_ratio * 100} % |`
  })
  // The formatter pads the cells.
  const rows = read('README.md').replaceAll(/ +/g, ' ').split('\n')
  assert.ok(expected.length > 0)
  for (const row of expected) assert.ok(rows.includes(row), `README.md has the row ${row}`)
})

test('every make target that a page names exists, and every target says what it does', () => {
  const makefile = read('Makefile')
  const targets = [...makefile.matchAll(/^([a-z-]+):.*## /gm)].map(([, name]) => name)
  for (const page of pages) {
    for (const [, name] of read(page).matchAll(/(?:^ {4}|`)make ([a-z-]+)/gm)) {
      assert.ok(targets.includes(name), `${page} names make ${name}`)
    }
  }
  const phony = makefile
    .match(/^\.PHONY: (.*)$/m)?.[1]
    ?.split(' ')
    .filter((name) => name !== 'node')
  assert.deepEqual(targets.sort(), phony?.sort())
})

test('every file that a page links to exists', () => {
  for (const page of pages) {
    for (const [, link = ''] of read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.ok(existsSync(join(root, dirname(page), link)), `${page} links to ${link}`)
    }
  }
})
