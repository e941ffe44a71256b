import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { after, test } from 'node:test'
import { UserError } from '../src/errors.ts'
import type { FaultKind } from '../src/faults/all.ts'
import { inject, injectAndLand } from '../src/faults/inject.ts'
import { runSql } from '../src/faults/postgres.ts'
import { recordPath } from '../src/faults/record.ts'
import { recover } from '../src/faults/rollback.ts'
import { startOwnLoad } from '../src/load/load.ts'
import { lengthOf, loadExperiment, scale } from '../src/runner/experiment.ts'
import { play } from '../src/runner/play.ts'
import { needPostgres, withEmbedded } from '../src/targets/embedded.ts'
import { findPostgres, startPostgres } from '../src/targets/postgres-server.ts'
import { api, until } from './helpers.ts'
import { wideGoals } from './run-experiment.ts'

const bin = findPostgres()
const skip = bin === undefined && 'PostgreSQL is not installed'
const postgres = bin === undefined ? undefined : await startPostgres(bin)
after(() => postgres?.remove())
const server = postgres?.url('postgres', 'notes') ?? ''
const settings = { DATABASE_URL: postgres?.url('notes', 'notes') ?? '', DATABASE_PATH: '' }
const target = postgres ? await api({ after }, settings) : (undefined as never)
const order = (kind: FaultKind = 'lock') => {
  return { database: target.database, server, ownServer: postgres, kind, forMs: 300_000, probe: target.probe }
}
const served = () => until('a write succeeds', async () => (await target.probe('write')) === 201)

for (const [kind, reason] of [
  ['lock', 'locked'],
  ['revoke', 'permission'],
  ['server-crash', 'unreachable'],
] as const) {
  test(`${kind} on a PostgreSQL server lands, is on record, is rolled back, and ends by itself`, { skip }, async () => {
    const fault = await injectAndLand(order(kind))
    assert.deepEqual([await target.probe('read'), await target.probe('write')], [503, 503])
    await until(`/health says ${reason}`, async () => {
      const health = (await (await fetch(`${target.url}/health`)).json()) as { database: { reason: string } }
      return health.database.reason === reason
    })
    assert.ok(existsSync(recordPath(target.database)))
    assert.ok((await fault.undo()).intact)
    await served()
    assert.ok(!existsSync(recordPath(target.database)))
    await (await injectAndLand({ ...order(kind), forMs: 500 })).ended
    await served()
  })
}

for (const [kind, end, isLeft] of [
  ['revoke', 'process.exit()', false],
  ['revoke', 'process.kill(process.pid, "SIGKILL")', true],
  ['lock', 'process.kill(process.pid, "SIGKILL")', true],
] as const) {
  test(`${kind} of a lab that ends by ${end} is rolled back`, { skip }, async () => {
    const { probe: _, ownServer: __, ...given } = order(kind)
    const code = `import { inject } from ${JSON.stringify(import.meta.resolve('../src/faults/inject.ts'))}
      await inject({ ...${JSON.stringify(given)}, probe: async () => 200 })
      ${end}`
    spawnSync(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'ignore', 'inherit'] })
    assert.equal(existsSync(recordPath(target.database)), isLeft)
    if (isLeft && kind === 'revoke') {
      assert.equal(await target.probe('read'), 503)
      await assert.rejects(recover(target.database), UserError)
    }
    // A lock ends with the connection that held it, before anything is recovered.
    if (kind === 'lock') await served()
    if (isLeft) assert.ok(await recover(target.database, server))
    await served()
  })
}

test('where PostgreSQL is not installed, what needs it says so', () => {
  const { PATH } = process.env
  process.env.PATH = ''
  try {
    assert.throws(() => needPostgres([]), UserError)
  } finally {
    process.env.PATH = PATH
  }
})

test('a lock ends when the server ends its connection', { skip }, async () => {
  const fault = await injectAndLand(order())
  await runSql(server, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted")
  await served()
  assert.equal((await fault.undo()).intact, false)
})

test('an experiment breaks a PostgreSQL of its own', { skip }, async () => {
  const whole = await loadExperiment('server-crash', wideGoals())
  const experiment = scale(whole, 6 / lengthOf(whole))
  const { faults, acknowledged, lost } = await withEmbedded(experiment, (own) =>
    play(experiment, own, startOwnLoad, new AbortController().signal),
  )
  assert.deepEqual(
    faults.map(({ plan, landedAt, undone }) => [plan.kind, landedAt !== undefined, undone.intact]),
    [['server-crash', true, true]],
  )
  assert.ok(acknowledged > 50)
  assert.deepEqual(lost, [])
})

test('faults of a file are refused, and so is a server that cannot be reached: nothing is touched', {
  skip,
}, async () => {
  for (const kind of ['chmod', 'move', 'readonly', 'fill'] as const)
    await assert.rejects(inject(order(kind)), UserError, kind)
  await assert.rejects(inject({ ...order('revoke'), server: undefined }), UserError)
  await assert.rejects(inject({ ...order('server-crash'), ownServer: undefined }), UserError)
  await assert.rejects(inject({ ...order(), server: 'postgres://postgres@127.0.0.1:1/postgres' }), UserError)
  assert.equal(await target.probe('write'), 201)
  assert.ok(!existsSync(recordPath(target.database)))
})
