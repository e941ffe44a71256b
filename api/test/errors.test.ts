import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import Koa from 'koa'
import { errors } from '../src/middleware/errors.ts'

test('an unexpected error is a 500 that shows neither its message nor its stack; both stay for the log', async (t) => {
  const logged: Record<string, unknown> = {}
  const app = new Koa()
  app.use((ctx, next) => {
    Object.assign(ctx.state, { log: logged, requestId: 'one' })
    return next()
  })
  app.use(errors())
  app.use(() => {
    throw new Error('the password is hunter2')
  })
  const server = app.listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  assert.equal(answer.status, 500)
  assert.match(String(answer.headers.get('content-type')), /^application\/problem\+json/)
  const expected = { type: 'about:blank', title: 'Internal Server Error', status: 500, request_id: 'one' }
  assert.deepEqual(await answer.json(), expected)
  assert.match(String((logged.err as Error).message), /hunter2/)
})
