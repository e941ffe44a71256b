import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { after, test } from 'node:test'
import { now } from '../src/clock.ts'
import { kinds } from '../src/faults/fault.ts'
import { begin, inject } from '../src/faults/inject.ts'
import { recordPath } from '../src/faults/record.ts'
import { recoverLeftovers } from '../src/faults/recover.ts'
import { isRunning } from '../src/processes.ts'
import { api, mode, scratchDatabase } from './helpers.ts'

const { database, probe } = await api({ after })

for (const kind of kinds) {
  test(`${kind} lands, is on record, and leaves file and folder as they were`, async () => {
    const before = statSync(database)
    const fault = await inject({ database, kind, forMs: 60_000, probe })
    assert.equal(await probe(), 503)
    assert.ok(existsSync(recordPath(database)))
    const undone = await fault.undo()
    assert.ok(undone.intact)
    assert.deepEqual(await fault.undo(), undone, 'a second undo is the first one')
    const after = statSync(database)
    assert.deepEqual([after.mode, after.ino, after.uid], [before.mode, before.ino, before.uid])
    assert.deepEqual(
      readdirSync(dirname(database)).filter((name) => name !== 'notes.db' && name !== 'notes.db-journal'),
      [],
    )
    while ((await probe()) !== 200);
  })

  test(`${kind} ends by itself when its time is over`, async () => {
    const fault = await inject({ database, kind, forMs: 500, probe })
    await fault.ended
    while ((await probe()) !== 200);
    assert.ok(!existsSync(recordPath(database)))
  })
}

for (const bits of ['0640', '0604', '0400', '4750', '1644']) {
  test(`chmod gives back exactly ${bits}`, async (t) => {
    const database = scratchDatabase(t)
    chmodSync(database, Number.parseInt(bits, 8))
    const fault = await inject({
      database,
      kind: 'chmod',
      forMs: 60_000,
      probe: async () => (mode(database) === '0000' ? 503 : 200),
    })
    assert.equal(mode(database), '0000')
    await fault.undo()
    assert.equal(mode(database), bits)
  })
}

test('a fault on a file that is not the database of the API does not land: undone, and said', async (t) => {
  const database = scratchDatabase(t)
  const before = mode(database)
  await assert.rejects(inject({ database, kind: 'chmod', forMs: 60_000, probe }), /did not land.*undone/)
  assert.equal(mode(database), before)
  assert.ok(!existsSync(recordPath(database)))
})

test('a second fault is refused and changes nothing', async () => {
  const fault = await inject({ database, kind: 'lock', forMs: 60_000, probe })
  const before = mode(database)
  await assert.rejects(
    inject({ database, kind: 'chmod', forMs: 60_000, probe }),
    /active on this database already \(lock/,
  )
  assert.equal(mode(database), before)
  await fault.undo()
  while ((await probe()) !== 200);
})

test('a service that is down already is left alone', async (t) => {
  const database = scratchDatabase(t)
  const before = mode(database)
  const refused = inject({ database, kind: 'chmod', forMs: 60_000, probe: async () => 503 })
  await assert.rejects(refused, /answered 503 already/)
  assert.equal(mode(database), before)
})

test('the moved file goes back onto a free name only', async (t) => {
  const database = scratchDatabase(t)
  const probe = async () => (existsSync(database) ? 200 : 503)
  const fault = await inject({ database, kind: 'move', forMs: 60_000, probe })
  writeFileSync(database, 'somebody else made this')
  await assert.rejects(fault.undo(), /cannot get its name back/)
  assert.ok(existsSync(`${database}.moved`) && existsSync(recordPath(database)))
  // The record is this process's, which lives; to recoverLeftovers it a dead one must have written it.
  renameSync(database, `${database}.other`)
  const record = JSON.parse(readFileSync(recordPath(database), 'utf8'))
  writeFileSync(recordPath(database), JSON.stringify({ ...record, owner: { pid: 1, started: 'long ago' } }))
  assert.match((await recoverLeftovers(database)) ?? '', /name back/)
  assert.equal(statSync(database).ino.toString(), record.inode)
  assert.equal(await recoverLeftovers(database), undefined, 'repairing again finds nothing')
})

test('a process with the same number but another start is a stranger', () => {
  assert.ok(!isRunning({ pid: process.pid, started: 'long ago' }))
})

test('a fault that is to come at a moment is prepared before it and never early', async () => {
  const at = now() + 800
  const fault = await begin({ database, kind: 'lock', forMs: 60_000, at, probe })
  assert.ok(fault.injectedAt >= at)
  await fault.undo()
  while ((await probe()) !== 200);
})

test('a fault that is interrupted while it waits for its moment leaves no record', async () => {
  const stop = new AbortController()
  const waiting = begin({ database, kind: 'chmod', forMs: 60_000, at: now() + 60_000, probe, signal: stop.signal })
  while (!existsSync(recordPath(database))) await probe()
  const before = mode(database)
  stop.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
  assert.ok(!existsSync(recordPath(database)))
  assert.equal(mode(database), before)
})

test('a file system that holds more than the database is not filled', async () => {
  const refused = inject({ database, kind: 'fill', forMs: 60_000, probe })
  await assert.rejects(refused, /file system of \d+ MB: only one of up to 256 MB, which holds nothing else, is filled/)
  assert.ok(!existsSync(`${database}.fill`))
})
