import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { kinds } from '../../lab/src/faults/all.ts'

const root = join(import.meta.dirname, '../..')
const makefile = readFileSync(join(root, 'Makefile'), 'utf8')

const targets = [...makefile.matchAll(/^([a-z-]+):.* ## /gm)].map(([, target]) => String(target))
const names = new Set([...makefile.matchAll(/\b([A-Z][A-Z0-9_]*)=/g)].map(([, name]) => name))
for (const name of ['ONLY', 'PARTS', 'NAME', 'RUN', 'MODE', 'FOR', 'SCRIPT', 'SERVICES', 'EMBEDDED']) names.add(name)

// `make test` runs this file: without its variables each make here is no part of that one.
const { MAKEFLAGS, MAKELEVEL, MFLAGS, ...environment } = process.env

function make(words: string[], env: NodeJS.ProcessEnv = {}, cwd = root) {
  return spawnSync('make', words, { cwd, encoding: 'utf8', env: { ...environment, ...env } })
}

test('no value behind make becomes a part of a shell command', () => {
  assert.ok(targets.length > 20)
  const values = [...names].map((name) => `${name}=; echo intruder`)
  const { stdout, status, stderr } = make(['--dry-run', ...targets, ...values])
  assert.equal(status, 0, stderr)
  assert.match(stdout, /scripts\/test\.ts/)
  assert.doesNotMatch(stdout, /intruder/)
})

test('make itself runs nothing of a value, behind it or in the environment, and passes it on as it is', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-make-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const intrusion = (name: string) => `$(shell touch ${folder}/${name})$$(touch ${folder}/${name})`
  const values = [...names].map((name) => `${name}=${intrusion(String(name))}`)
  make(['--dry-run', ...targets, ...values])
  make(['--dry-run', ...targets], Object.fromEntries(values.map((value) => value.split(/=(.*)/))))
  const { stderr } = make(['test', ...values])
  assert.ok(stderr.includes(`No test file has "${intrusion('ONLY')}"`), stderr)
  assert.deepEqual(readdirSync(folder), [])
})

test('the scripts hear which values stand behind make', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-make-'))
  t.after(() => rmSync(folder, { recursive: true }))
  cpSync(join(root, 'Makefile'), join(folder, 'Makefile'))
  mkdirSync(join(folder, 'scripts/stack'), { recursive: true })
  writeFileSync(join(folder, 'scripts/stack/up'), '#!/bin/sh\necho "$GIVEN|$API_PORT"\n', { mode: 0o755 })
  const exported = { COMPOSE_PROJECT_NAME: 'theirs', GIVEN: 'COMPOSE_PROJECT_NAME' }
  const [names = '', port] = make(['up', 'API_PORT=1', 'LOG_LEVEL='], exported, folder).stdout.trim().split('|')
  assert.deepEqual([names.split(' ').filter(Boolean).sort(), port], [['API_PORT', 'LOG_LEVEL'], '1'])
})

test('help fits a terminal of 80 columns and names every kind of fault', () => {
  const { stdout } = make([])
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
  const modes = /MODE=([a-z, -]+)/.exec(stdout)?.[1]?.split(', ')
  assert.deepEqual(modes, [...kinds, 'crash'])
})

test('make lists ten commands for every day first, and every command once', () => {
  const listed = [...make([]).stdout.matchAll(/^ {2}make ([a-z-]+)/gm)].map(([, name]) => name)
  const daily = /^DAILY := (.*)$/m.exec(makefile)?.[1]?.split(' ')
  assert.equal(daily?.length, 10)
  assert.deepEqual(listed.slice(0, 10), daily)
  assert.deepEqual(listed.sort(), targets.sort())
})

test('make ends with 0 or 2, so the last line of the output names the verdict', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-make-'))
  t.after(() => rmSync(folder, { recursive: true }))
  cpSync(join(root, 'Makefile'), join(folder, 'Makefile'))
  mkdirSync(join(folder, 'scripts'))
  for (const [code, verdict, exit] of [
    [0, 'PASS', 0],
    [1, 'FAIL', 2],
    [2, 'INVALID', 2],
  ] as const) {
    writeFileSync(join(folder, 'scripts/node26.cjs'), `console.log('Verdict: ${verdict}'); process.exit(${code})`)
    const { status, stdout } = make(['demo'], { RATE: '5' }, folder)
    assert.deepEqual([status, stdout.trim().split('\n').at(-1)], [exit, `Verdict: ${verdict}`])
  }
  assert.equal(make(['demo', 'RATE=5'], {}, folder).stdout, '', 'a demo takes no values')
})

test('an exported HOST does not decide where `make start` listens, one behind make does', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-make-'))
  t.after(() => rmSync(folder, { recursive: true }))
  cpSync(join(root, 'Makefile'), join(folder, 'Makefile'))
  mkdirSync(join(folder, 'scripts'))
  writeFileSync(join(folder, 'scripts/node26.cjs'), 'console.log(process.env.HOST)')
  const hosts = [[], ['HOST=127.0.0.2']].map((words) =>
    make(['start', ...words], { HOST: 'laptop' }, folder).stdout.trim(),
  )
  assert.deepEqual(hosts, ['undefined', '127.0.0.2'])
})
