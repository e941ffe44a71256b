import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, test } from 'node:test'
import { UserError } from '../src/errors.ts'
import { kinds } from '../src/faults/fault.ts'
import { inject, injectAndLand } from '../src/faults/inject.ts'
import { readRecord, recordPath } from '../src/faults/record.ts'
import { signalTo } from '../src/processes.ts'
import { findPostgres, startPostgres } from '../src/targets/postgres-server.ts'
import { api, until } from './helpers.ts'

const bin = findPostgres()
const skip = bin === undefined && 'PostgreSQL is not installed'
const postgres = bin === undefined ? undefined : await startPostgres(bin)
after(() => postgres?.remove())
const server = postgres?.url('postgres', 'postgres') ?? ''
const target = postgres ? await api({ after }, { DATABASE_URL: server, DATABASE_PATH: '' }) : (undefined as never)
const order = () => ({ database: target.database, server, kind: 'lock' as const, forMs: 300_000, probe: target.probe })
const served = () => until('a write succeeds', async () => (await target.probe('write')) === 201)

test('a lock on a PostgreSQL server lands, is on record, and its rollback frees the tables', { skip }, async () => {
  const fault = await injectAndLand(order())
  assert.deepEqual([await target.probe('read'), await target.probe('write')], [503, 503])
  assert.ok(existsSync(recordPath(target.database)))
  assert.ok((await fault.undo()).intact)
  await served()
  assert.ok(!existsSync(recordPath(target.database)))
})

test('it ends by itself when its time is over, and when its holder is killed', { skip }, async () => {
  await (await injectAndLand({ ...order(), forMs: 500 })).ended
  await served()
  const fault = await injectAndLand(order())
  const { holder } = readRecord(target.database) ?? {}
  assert.ok(holder && signalTo(holder, 'SIGKILL'))
  await served()
  assert.equal((await fault.undo()).intact, false)
})

test('faults of a file are refused, and so is a server that cannot be reached: nothing is touched', {
  skip,
}, async () => {
  for (const kind of kinds) if (kind !== 'lock') await assert.rejects(inject({ ...order(), kind }), UserError, kind)
  await assert.rejects(inject({ ...order(), server: 'postgres://postgres@127.0.0.1:1/postgres' }), UserError)
  assert.equal(await target.probe('write'), 201)
  assert.ok(!existsSync(recordPath(target.database)))
})
