import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
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

test('every installed package is locked by its content, and none comes from anywhere but the registry', () => {
  assert.ok(installed.length > 100)
  for (const [path, { version, integrity, resolved }] of installed) {
    assert.ok(version && integrity?.startsWith('sha512-'), path)
    assert.doesNotMatch(resolved ?? '', /^(git|file|http:)/, path)
  }
})

test('nothing that is installed may run a script', () => {
  assert.match(readFileSync(join(root, '.npmrc'), 'utf8'), /^ignore-scripts=true$/m)
})

test('what runs in production has a licence that asks for no more than its notice', () => {
  for (const [path, { license, dev }] of installed) if (!dev) assert.match(license ?? 'none', permissive, path)
})
