// What the lab reads from its environment; each case is a process of its own.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { duration, number } from '../src/config.ts'
import { root } from './helpers.ts'

function read(expression: string, env: Record<string, string>) {
  const script = `import * as config from ${JSON.stringify(join(root, 'lab/src/config.ts'))}
    try { console.log(JSON.stringify(${expression}) ?? 'undefined') } catch (error) { console.log(error.constructor.name) }`
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' }).trim()
}
const exported = {
  API_URL: 'http://elsewhere.example',
  API_METRICS_URL: 'http://elsewhere.example/metrics',
  DATABASE_PATH: '/elsewhere.db',
  LAB_USERS: 'demo:secret:1,eve:secret-2',
}

test('outside of the stack an exported API_URL or DATABASE_PATH redirects nothing', () => {
  assert.equal(read('config.stackOf()', exported), 'undefined')
  assert.equal(read('config.needStack()', exported), 'UserError')
})

test("in the stack's container they name the API of the stack; the first user logs in, whose password may hold colons", () => {
  const inStack = { ...exported, LAB_SOCKET: '/lab.sock' }
  const { url, database, socket, username, password } = JSON.parse(read('config.stackOf()', inStack))
  assert.deepEqual([url, database, socket], [exported.API_URL, exported.DATABASE_PATH, '/lab.sock'])
  assert.deepEqual([username, password], ['demo', 'secret:1'])
  assert.equal(read('config.stackOf()', { ...inStack, LAB_USERS: '' }), 'UserError')
})

test('times and numbers are read as meant or refused', () => {
  assert.deepEqual(
    ['100ms', '1.5s', '10m', '24h'].map((text) => duration('FOR', text)),
    [100, 1_500, 600_000, 86_400_000],
  )
  for (const text of ['', '10', '99ms', '25h', '1d', '-1s', '1 s']) assert.throws(() => duration('--for', text))
  assert.deepEqual([number('--n', '3', 1, 3, true), number('--n', '2.5', 1, 3, false)], [3, 2.5])
  for (const text of ['', ' ', '4', '0', 'x', 'NaN', '2.5']) assert.throws(() => number('--n', text, 1, 3, true))
})
