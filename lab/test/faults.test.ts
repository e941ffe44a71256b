import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { after, test } from 'node:test'
import Database from 'better-sqlite3'
import { now } from '../src/clock.ts'
import { UserError } from '../src/errors.ts'
import { faults } from '../src/faults/all.ts'
import { inject, injectAndLand } from '../src/faults/inject.ts'
import { recordPath } from '../src/faults/record.ts'
import { recoverLeftovers } from '../src/faults/rollback.ts'
import { isRunning } from '../src/processes.ts'
import { api, fileKinds, mode, scratchDatabase, until } from './helpers.ts'

const target = await api({ after })
const { database, probe } = target
const served = () => until('a data request succeeds', async () => (await probe('write')) === 201)
const longMs = 300_000

for (const kind of fileKinds) {
  test(`${kind} lands, is on record, and leaves file and folder as they were`, async () => {
    const before = statSync(database)
    const fault = await injectAndLand({ database, kind, forMs: longMs, probe })
    assert.equal(await probe(faults[kind].feltBy), 503)
    assert.equal(await probe('read'), faults[kind].stops === 'writes' ? 200 : 503)
    assert.ok(existsSync(recordPath(database)))
    const undone = await fault.undo()
    assert.ok(undone.intact)
    assert.deepEqual(await fault.undo(), undone, 'a second rollback is the first one')
    const after = statSync(database)
    assert.deepEqual([after.mode, after.ino, after.uid], [before.mode, before.ino, before.uid])
    assert.deepEqual(
      readdirSync(dirname(database)).filter((name) => name !== 'notes.db' && name !== 'notes.db-journal'),
      [],
    )
    await served()
  })

  test(`${kind} ends by itself when its time is over`, async () => {
    const fault = await injectAndLand({ database, kind, forMs: 500, probe })
    await fault.ended
    await served()
    assert.ok(!existsSync(recordPath(database)))
  })
}

test('crash is a fault like the others: it lands, is on record, and its rollback starts the API', async () => {
  const fault = await inject({ database, api: target.api, kind: 'crash', forMs: longMs, probe })
  assert.ok(Number(await fault.landed) >= fault.injectedAt)
  assert.equal(await probe(), 0, 'no process answers')
  assert.ok(existsSync(recordPath(database)))
  assert.ok((await fault.undo()).intact)
  await served()
  assert.ok(!existsSync(recordPath(database)))
  await target.api?.start()
  assert.equal(await probe(), 200, 'an API that runs is not started twice')
})

test('crash is refused for an API that the lab has not started', async () => {
  await assert.rejects(inject({ database, kind: 'crash', forMs: longMs, probe }), UserError)
  assert.equal(await probe(), 200)
})

for (const [kind, bits, meanwhile] of [
  ['chmod', '0640', '0000'],
  ['chmod', '0604', '0000'],
  ['chmod', '0400', '0000'],
  ['chmod', '4750', '0000'],
  ['chmod', '1644', '0000'],
  ['readonly', '0600', '0400'],
  ['readonly', '0666', '0444'],
  ['readonly', '4750', '4550'],
] as const) {
  test(`${kind} makes ${bits} ${meanwhile}, and restores exactly ${bits}`, async (t) => {
    const database = scratchDatabase(t)
    chmodSync(database, Number.parseInt(bits, 8))
    const probe = async () => (mode(database) === bits ? 200 : 503)
    const fault = await injectAndLand({ database, kind, forMs: longMs, probe })
    assert.equal(mode(database), meanwhile)
    await fault.undo()
    assert.equal(mode(database), bits)
  })
}

test('a mode that the fault would not change is refused', async (t) => {
  const database = scratchDatabase(t)
  chmodSync(database, 0o444)
  const probe = async () => 200
  await assert.rejects(inject({ database, kind: 'readonly', forMs: longMs, probe }), UserError)
  assert.equal(mode(database), '0444')
  assert.ok(!existsSync(recordPath(database)))
})

test('a fault on a file that is not the database of the API does not land and is rolled back', async (t) => {
  const database = scratchDatabase(t)
  const before = mode(database)
  await assert.rejects(injectAndLand({ database, kind: 'chmod', forMs: longMs, probe }), UserError)
  assert.equal(mode(database), before)
  assert.ok(!existsSync(recordPath(database)))
})

test('one answer that is late before a fault is no outage', async () => {
  const late = [0, 0]
  const fault = await injectAndLand({
    database,
    kind: 'chmod',
    forMs: longMs,
    probe: async () => late.pop() ?? probe(),
  })
  await fault.undo()
  await served()
})

test('without a record nothing is touched', async () => {
  const before = mode(database)
  const draft = `${recordPath(database)}.${process.pid}.tmp`
  mkdirSync(draft)
  await assert.rejects(inject({ database, kind: 'chmod', forMs: longMs, probe }), {
    constructor: UserError,
    message: /EEXIST/,
  })
  assert.deepEqual([mode(database), await probe()], [before, 200])
  rmdirSync(draft)
})

test('a second fault is refused and changes nothing', async () => {
  const fault = await injectAndLand({ database, kind: 'lock', forMs: longMs, probe })
  const [bits, record] = [mode(database), readFileSync(recordPath(database), 'utf8')]
  await assert.rejects(injectAndLand({ database, kind: 'chmod', forMs: longMs, probe }), UserError)
  assert.deepEqual([mode(database), readFileSync(recordPath(database), 'utf8')], [bits, record])
  await fault.undo()
  await served()
})

test('a service that is down already is left alone', async (t) => {
  const database = scratchDatabase(t)
  const before = mode(database)
  await assert.rejects(inject({ database, kind: 'chmod', forMs: longMs, probe: async () => 503 }), UserError)
  assert.equal(mode(database), before)
  assert.ok(!existsSync(recordPath(database)))
})

test('the moved file never goes back over another file', async (t) => {
  const database = scratchDatabase(t)
  const probe = async () => (existsSync(database) ? 200 : 503)
  const fault = await injectAndLand({ database, kind: 'move', forMs: longMs, probe })
  writeFileSync(database, 'another file')
  await assert.rejects(fault.undo(), UserError)
  assert.equal(readFileSync(database, 'utf8'), 'another file')
  assert.ok(existsSync(`${database}.moved`) && existsSync(recordPath(database)))
  renameSync(database, `${database}.other`)
  // The record names this process, which runs; recoverLeftovers acts only for one that is gone.
  const record = JSON.parse(readFileSync(recordPath(database), 'utf8'))
  writeFileSync(recordPath(database), JSON.stringify({ ...record, owner: { pid: 1, started: 'long ago' } }))
  assert.ok(await recoverLeftovers(database))
  assert.equal(statSync(database).ino.toString(), record.inode)
  assert.equal(await recoverLeftovers(database), undefined, 'a second recovery finds nothing')
})

test('a process with the same number but another start is a different process', () => {
  assert.ok(!isRunning({ pid: process.pid, started: 'long ago' }))
})

test('a fault with a moment is prepared before it and never early', async () => {
  const at = now() + 800
  const fault = await inject({ database, kind: 'lock', forMs: longMs, at, probe })
  assert.ok(fault.injectedAt >= at)
  await fault.undo()
  await served()
})

test('a lock waits until the database is free, and no other connection gets it then', async (t) => {
  const database = scratchDatabase(t)
  const other = new Database(database, { timeout: 0 })
  other.exec('BEGIN EXCLUSIVE')
  let freed = Number.POSITIVE_INFINITY
  setTimeout(() => {
    freed = now()
    other.exec('COMMIT')
  }, 200)
  const fault = await inject({ database, kind: 'lock', forMs: longMs, probe: async () => 200 })
  assert.ok(fault.injectedAt >= freed)
  assert.throws(() => other.exec('BEGIN EXCLUSIVE'), { code: 'SQLITE_BUSY' })
  assert.ok((await fault.undo()).intact)
  other.exec('BEGIN EXCLUSIVE; COMMIT')
  other.close()
})

test('a fault that is interrupted while it waits for its moment leaves no record', async () => {
  const stop = new AbortController()
  const waiting = inject({ database, kind: 'chmod', forMs: longMs, at: now() + longMs, probe, signal: stop.signal })
  await until('the fault is on record', () => existsSync(recordPath(database)))
  const before = mode(database)
  stop.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
  assert.ok(!existsSync(recordPath(database)))
  assert.equal(mode(database), before)
})

test('a file system that holds more than the database is not filled', async () => {
  await assert.rejects(inject({ database, kind: 'fill', forMs: longMs, probe }), UserError)
  assert.ok(!existsSync(`${database}.fill`))
})
