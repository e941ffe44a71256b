import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressesLent, addressesOfLoopback } from '../src/targets/addresses.ts'
import { api, lab, says } from './helpers.ts'

const skip = process.platform !== 'linux' && 'only the loopback of Linux has many addresses'

test('each lent port is another address to the API, and its limit of logins counts it so', { skip }, async (t) => {
  const target = await api(t, { LOGIN_ATTEMPTS_PER_MINUTE: '2' })
  const port = 20_101
  const run = lab(t, ['lend-addresses', '--url', target.url, '--port', String(port)])
  await says(run, /ready/)
  const addresses = addressesLent(target.url, port)
  assert.equal(addresses.length, addressesOfLoopback(target.url).length)

  const guess = async (url: string) => {
    const body = JSON.stringify({ username: target.username, password: 'a guess' })
    const headers = { 'Content-Type': 'application/json' }
    return (await fetch(`${url}/auth/login`, { method: 'POST', headers, body })).status
  }
  const heard: number[][] = []
  for (const { url } of addresses.slice(0, 3)) heard.push([await guess(url), await guess(url), await guess(url)])
  assert.deepEqual(heard, Array(3).fill([401, 401, 429]))

  run.child.kill('SIGTERM')
  assert.equal(await run.ended, 0)
})
