import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const makefile = readFileSync(join(root, 'Makefile'), 'utf8')

test('no value that stands behind make becomes a part of a shell command', () => {
  const targets = [...makefile.matchAll(/^([a-z-]+):.* ## /gm)].map(([, target]) => String(target))
  assert.ok(targets.length > 20)
  const names = new Set([...makefile.matchAll(/\b([A-Z][A-Z0-9_]*)=/g)].map(([, name]) => name))
  for (const name of ['ONLY', 'PARTS', 'NAME', 'RUN', 'MODE', 'FOR', 'SCRIPT', 'SERVICES', 'EMBEDDED']) names.add(name)
  const values = [...names].map((name) => `${name}=; echo intruder`)
  const { stdout, status, stderr } = spawnSync('make', ['--dry-run', ...targets, ...values], {
    cwd: root,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  assert.match(stdout, /scripts\/test\.ts/)
  assert.doesNotMatch(stdout, /intruder/)
})
