import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { changerOf, handOf } from '../src/targets/hand.ts'
import { scratchFolder } from './helpers.ts'

const list = 'demo:one-password,eve:$(id) `id` "x;,zoe:third-password'
const eve = () => ({ username: 'eve', password: '$(id) `id` "x;' })

/** A hand that writes down what it is told. */
function writingHand(t: TestContext) {
  const file = join(scratchFolder(t), 'orders')
  return { hand: handOf(`cat >>${file}`), orders: () => readFileSync(file, 'utf8').trimEnd().split('\n') }
}

test('another password, the removal and the way back change one user of the list', async (t) => {
  const { hand, orders } = writingHand(t)
  const user = eve()
  const { change, putBack } = changerOf(user, list, hand)
  await change('`reboot` $(x)')
  assert.equal(user.password, '`reboot` $(x)')
  await change()
  await putBack()
  assert.deepEqual(orders(), [
    'users demo:one-password,zoe:third-password,eve:`reboot` $(x)',
    'users demo:one-password,zoe:third-password',
    `users ${list}`,
  ])
})

test('who changed nothing puts nothing back', async (t) => {
  const { hand, orders } = writingHand(t)
  await changerOf(eve(), list, hand).putBack()
  assert.throws(orders, /ENOENT/)
})

test('what was not done is told, without the passwords', async () => {
  const { change, putBack } = changerOf(eve(), list, handOf('cat >/dev/null; exit 3'))
  const message = /^Nobody did "users" to the API: .* ended with 3\.$/
  await assert.rejects(change('new-password'), { message })
  await assert.rejects(putBack(), { message })
})
