// What the launcher asks npm for. npm is a program that writes down its words and installs what it was asked for.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const npm = `#!${process.execPath}
const { readFileSync, writeFileSync, mkdirSync, appendFileSync } = require('node:fs')
appendFileSync('asked', JSON.stringify(process.argv.slice(2)) + '\\n')
const all = process.argv.includes('--include=dev')
const packages = {}
for (const folder of all ? ['.', 'api', 'lab'] : ['api', 'lab']) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(folder + '/package.json', 'utf8'))
  for (const [name, version] of Object.entries({ ...dependencies, ...(all && devDependencies) })) packages['node_modules/' + name] = { version }
}
mkdirSync('node_modules', { recursive: true })
if (process.env.LEAVE_OUT) delete packages['node_modules/' + process.env.LEAVE_OUT]
writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }))
process.exit(Number(process.env.FAIL ?? 0))
`

/** A checkout, in a folder with every character that a URL would misread, with three small programs and these packages: a for the API, b for the lab, t for tests. */
function checkout(t: TestContext, name = 'a b#c?d%20e') {
  const folder = mkdtempSync(join(tmpdir(), 'lab-node26-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const there = join(folder, name)
  const put = (name: string, text: string | object, mode = 0o644) => {
    mkdirSync(join(there, name, '..'), { recursive: true })
    writeFileSync(join(there, name), typeof text === 'string' ? text : JSON.stringify(text), { mode })
  }
  put('package.json', { devDependencies: { t: '1.0.0' } })
  put('package-lock.json', {})
  put('api/package.json', { dependencies: { a: '1.0.0' } })
  put('lab/package.json', { dependencies: { b: '1.0.0' } })
  for (const file of ['lab/src/main.ts', 'api/src/main.ts', 'scripts/test.ts']) put(file, 'process.exit(7)\n')
  put('bin/npm', npm, 0o755)
  cpSync(join(root, 'scripts/node26.cjs'), join(there, 'scripts/node26.cjs'))
  function start(words: string[], env = {}, nodeOptions: string[] = []) {
    const options = { env: { PATH: `${join(there, 'bin')}:${process.env.PATH}`, ...env }, encoding: 'utf8' } as const
    return spawnSync(process.execPath, [...nodeOptions, join(there, 'scripts/node26.cjs'), ...words], options)
  }
  const asked = () =>
    readFileSync(join(there, 'asked'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as string[])
  return { there, put, start, asked }
}

test('the demo and the API install production packages, and Node 26 is not installed beside itself', (t) => {
  const { start, asked } = checkout(t)
  assert.equal(start(['--max-semi-space-size=4', 'api/src/main.ts']).status, 7)
  assert.equal(start(['lab/src/main.ts', 'demo']).status, 7)
  const [words = [], ...more] = asked()
  assert.deepEqual(more, [], 'what is there is not installed again')
  for (const word of ['ci', '--omit=dev', '--workspace=api', '--workspace=lab']) assert.ok(words.includes(word), word)
  assert.ok(!words.includes('--include-workspace-root'))
})

test('tests after a demo install the rest by flags of their own, whatever the settings of the user leave out', (t) => {
  const { start, asked } = checkout(t)
  const env = { NODE_ENV: 'production', npm_config_omit: 'dev,optional', npm_config_engine_strict: 'true' }
  for (const file of ['lab/src/main.ts', 'scripts/test.ts', 'lab/src/main.ts'])
    assert.equal(start([file], env).status, 7)
  assert.equal(asked().length, 2)
  const words = asked()[1] ?? []
  for (const word of ['--include=dev', '--include=optional', '--engine-strict=false'])
    assert.ok(words.includes(word), word)
  assert.ok(!words.some((word) => word.startsWith('--workspace')))
})

test('another version in a package.json is installed', (t) => {
  const { start, asked, put } = checkout(t)
  start(['lab/src/main.ts'])
  put('lab/package.json', { dependencies: { b: '2.0.0' } })
  assert.equal(start(['lab/src/main.ts']).status, 7)
  assert.equal(asked().length, 2)
})

test('a package that npm left out is named, a failed installation is a sentence, and neither is exit code 1', (t) => {
  const { start } = checkout(t)
  const left = start(['lab/src/main.ts'], { LEAVE_OUT: 'b' })
  assert.deepEqual([left.status, /left out b\b/.test(left.stderr)], [2, true], left.stderr)
  const failed = start(['lab/src/main.ts'], { FAIL: '1', LEAVE_OUT: 'b' })
  assert.deepEqual([failed.status, failed.stderr.includes('at ')], [2, false], failed.stderr)
})

test('a path with a backslash is refused with a sentence before anything is installed', (t) => {
  const { start, asked } = checkout(t, 'a\\b')
  const { status, stderr } = start(['lab/src/main.ts'])
  assert.deepEqual([status, stderr.trim().split('\n').length, stderr.includes('a\\b')], [2, 1, true], stderr)
  assert.throws(asked, /ENOENT/)
})

test('a Node 26 that does not start for want of its loader, as on a musl system, is answered with a sentence', {
  skip: process.platform === 'linux' ? false : 'the packages of other systems need no loader',
}, (t) => {
  const { there, put, start } = checkout(t)
  put(`node_modules/node-linux-${process.arch}/bin/node`, '#!/lib/there-is-no-such-loader.so\n', 0o755)
  put('older.cjs', "Object.defineProperty(process.versions, 'node', { value: '20.0.0' })\n")
  const { status, stderr } = start(['lab/src/main.ts'], {}, ['--require', join(there, 'older.cjs')])
  const [said = ''] = stderr.trim().split('\n').slice(-1)
  assert.deepEqual([status, said.includes('ENOENT'), said.includes('musl')], [2, true, true], stderr)
})
