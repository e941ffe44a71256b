import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...globSync('docs/*.md', { cwd: root })]

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

/** The anchors of a page, as GitHub makes them of its headings, and those that it sets itself. */
function anchorsOf(page: string): string[] {
  const text = read(page)
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
  return [...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)]
}

test('every file that a page links to exists, and every anchor', () => {
  for (const page of pages) {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
    for (const [, link, anchor] of links) {
      const file = link ? normalize(join(dirname(page), link)) : page
      assert.ok(existsSync(join(root, file)), `${page} links to ${file}`)
      if (anchor) assert.ok(anchorsOf(file).includes(anchor), `${page} links to ${file}#${anchor}`)
    }
  }
})

test('every anchor of a page that code, rules and dashboards name exists', () => {
  const files = globSync('{api,lab,grafana,k6}/src/**/*.ts', { cwd: root })
  files.push(...globSync('{prometheus,grafana}/**/*.{yml,yaml,json}', { cwd: root, exclude: ['**/node_modules/**'] }))
  const named = files.flatMap((file) => [...read(file).matchAll(/(docs\/[a-z-]+\.md)#([\w-]+)/g)])
  assert.ok(named.length > 0)
  for (const [, page = '', anchor = ''] of named) assert.ok(anchorsOf(page).includes(anchor), `${page}#${anchor}`)
})

test('every file that CONTRIBUTING.md names exists', () => {
  const named = [...read('CONTRIBUTING.md').matchAll(/[` ]((?:api|lab|grafana|prometheus|k6|docs)\/[\w./-]*\w)/g)]
  const files = named.map(([, file = '']) => file).filter((file) => !file.includes('NAME'))
  assert.ok(files.length > 10)
  for (const file of files)
    assert.ok(existsSync(join(root, file)) || globSync(`${file}*`, { cwd: root }).length > 0, file)
})

test('every package has the version of the newest entry of CHANGELOG.md', () => {
  const [, version] = /^## (\S+)/m.exec(read('CHANGELOG.md')) ?? []
  for (const folder of ['.', 'api', 'lab', 'grafana', 'k6']) {
    assert.equal(JSON.parse(read(join(folder, 'package.json'))).version, version, folder)
  }
})

test('the index names every document', () => {
  const index = read('docs/README.md')
  for (const file of globSync('docs/*.md', { cwd: root })) {
    const name = file.replace('docs/', '')
    if (name !== 'README.md') assert.ok(index.includes(`](${name})`), name)
  }
})
