// A whole experiment through make, in a checkout whose path holds every character that a URL would misread.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Journal } from '../../lab/src/runs/journal.ts'
import { conclusive } from '../../lab/test/play-on.ts'

const root = join(import.meta.dirname, '../..')
const parts = [
  'Makefile',
  'compose.yaml',
  'scripts',
  'lab/src',
  'lab/package.json',
  'api/src',
  'api/package.json',
  'package.json',
  'package-lock.json',
  'docs/glossary.md',
]

test('make says by its last line that an experiment failed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-path-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755) // the API is another user where the tests are root
  const there = join(folder, 'a b#c?d%20e')
  mkdirSync(there)
  for (const part of parts) cpSync(join(root, part), join(there, part), { recursive: true, preserveTimestamps: true })
  symlinkSync(join(root, 'node_modules'), join(there, 'node_modules'))
  // An installation would empty the folder behind the link.
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/npm'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const { MAKEFLAGS, MAKELEVEL, MFLAGS, ...environment } = process.env
  const env = { ...environment, PATH: `${join(folder, 'bin')}:${environment.PATH}` }
  const slo = JSON.parse(readFileSync(join(root, 'slo.json'), 'utf8'))
  // No share of errors is below 0, however fast or slow this machine is.
  Object.assign(slo.goals.baseline, { rate: 50, latency_ms: 20_000, error_ratio: 0 })
  writeFileSync(join(there, 'slo.json'), JSON.stringify(slo))

  const run = await conclusive(t, async () => {
    const child = spawn('make', ['experiment', 'NAME=baseline', 'EMBEDDED=1', 'LENGTH=4'], { cwd: there, env })
    t.after(() => child.kill('SIGKILL'))
    let out = ''
    child.stdout.on('data', (data) => (out += data))
    child.stderr.on('data', (data) => (out += data))
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    const verdict = /^Verdict: (\w+)$/m.exec(out)?.[1] ?? assert.fail(out)
    return { code, verdict, out }
  })
  if (!run) return
  assert.deepEqual([run.verdict, run.code], ['FAIL', 2], run.out)
  const kept = readdirSync(join(there, 'runs')).filter((name) => name.endsWith('-baseline'))
  const journal: Journal = JSON.parse(readFileSync(join(there, 'runs', kept.at(-1) ?? '', 'journal.json'), 'utf8'))
  const missed = journal.expectations.filter(({ met }) => !met)
  assert.deepEqual([journal.verdict, missed.map(({ measure }) => measure)], ['FAIL', ['errors']])
})
