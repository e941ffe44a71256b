import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'))

type Locked = {
  version?: string
  integrity?: string
  license?: string
  dev?: boolean
  link?: boolean
  resolved?: string
  hasInstallScript?: boolean
}
const packages: Record<string, Locked> = read('package-lock.json').packages
const installed = Object.entries(packages).filter(([path, one]) => path.startsWith('node_modules/') && !one.link)

// Licences that ask for no more than their notice.
const permissive = /^\(?(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0|Unlicense|Python-2\.0|CC0-1\.0)\b/

test('every direct dependency is named by one exact version', () => {
  for (const folder of ['.', 'api', 'lab', 'grafana', 'k6']) {
    const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = read(join(folder, 'package.json'))
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
      assert.match(String(version), /^\d+\.\d+\.\d+$/, `${folder}: ${name}`)
    }
  }
})

test('every image is named by its version; of PostgreSQL only the major one, whose data files stay alike', () => {
  const text = ['compose.yaml', 'compose.postgres.yaml', 'Dockerfile'].map((file) =>
    readFileSync(join(root, file), 'utf8'),
  )
  const images = [...text.join('\n').matchAll(/^(?: +image:|FROM) (\S+:\S+)/gm)].map(([, image = '']) => image)
  assert.equal(new Set(images).size, 6)
  assert.deepEqual(
    images.filter((image) => !/:v?\d+\.\d+\.\d+$|^node:\d+\.\d+-/.test(image)),
    ['postgres:17-bookworm'],
  )
})

test('every installed package is locked by its content, and none comes from anywhere but the registry', () => {
  assert.ok(installed.length > 100)
  for (const [path, { version, integrity, resolved }] of installed) {
    assert.ok(version && integrity?.startsWith('sha512-'), path)
    assert.doesNotMatch(resolved ?? '', /^(git|file|http:)/, path)
  }
})

test('nothing that is installed may run a script', () => {
  assert.match(readFileSync(join(root, '.npmrc'), 'utf8'), /^ignore-scripts=true$/m)
  // These packages have an install script, and work without it.
  const wanting = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)
  assert.deepEqual(wanting, ['node_modules/protobufjs'])
})

test('what runs in production has a licence that asks for no more than its notice', () => {
  for (const [path, { license, dev }] of installed) if (!dev) assert.match(license ?? 'none', permissive, path)
})

test('what is installed is what the lockfile names, with the licence it names', () => {
  let there = 0
  for (const [path, { version, license }] of installed) {
    if (!existsSync(join(root, path, 'package.json'))) continue // for another machine than this one
    const found = read(join(path, 'package.json'))
    assert.deepEqual([found.version.replace(/^v/, ''), found.license], [version, license], path)
    there++
  }
  assert.ok(there > 100)
})

test('docs/security.md lists every direct production dependency by its licence, and counts them all', () => {
  const text = readFileSync(join(root, 'docs/security.md'), 'utf8')
  const direct = ['api', 'lab'].flatMap((folder) => Object.keys(read(join(folder, 'package.json')).dependencies))
  const expected = [...new Set(direct)].map((name) => `${name}: ${packages[`node_modules/${name}`]?.license}`)
  const [, list = ''] = text.split('By licence:')
  const found = [...(list.split('\n## ')[0] ?? '').matchAll(/^- \*\*(.+?)\*\*: ((?:.|\n {2})+)/gm)].flatMap(
    ([, license, names = '']) => [...names.matchAll(/`(.+?)`/g)].map(([, name]) => `${name}: ${license}`),
  )
  assert.deepEqual(found.sort(), expected.sort())
  const all = installed.filter(([, { dev }]) => !dev).length
  assert.match(text, new RegExp(`\\b${expected.length} packages are named.*\\b${all}\\b`, 's'))
})

test('every installed package bears the signature of its registry, where that has keys to sign with', async (t) => {
  const npm = (...words: string[]) => spawnSync('npm', words, { cwd: root, encoding: 'utf8', timeout: 120_000 })
  const registry = npm('config', 'get', 'registry').stdout.trim()
  const keys = await fetch(new URL('-/npm/v1/keys', registry), { signal: AbortSignal.timeout(5_000) }).catch(() => null)
  if (!keys?.ok) return t.skip('the registry cannot be reached, or has no keys')
  const { status, stdout, stderr } = npm('audit', 'signatures')
  assert.equal(status, 0, stdout + stderr)
})
