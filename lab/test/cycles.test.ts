import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { connect } from '../src/api-client.ts'
import { type FaultKind, faults } from '../src/faults/all.ts'
import { injectAndLand } from '../src/faults/inject.ts'
import type { Result } from '../src/load/figures.ts'
import { lost, startMix } from '../src/load/load.ts'
import { openLoop } from '../src/load/open-loop.ts'
import { startProbe } from '../src/runner/probe.ts'
import { api, fileKinds, until } from './helpers.ts'

const { url, token, database, probe } = await api({ after })

test('three cycles of every fault under load: no success while it lasts, no acknowledged note lost, /health answers', async (t) => {
  const pool = connect(url, 128, 10_000)
  t.after(() => pool.destroy())
  const notes = await startMix(pool, token)
  const load = openLoop({ next: notes.next })
  const outside = startProbe(url, token)
  const windows: { kind: FaultKind; from: number; to: number }[] = []
  load.setRate(200)
  const isRefused = (moment: number) => {
    const since = load.results.filter(({ due }) => due >= moment)
    return since.length >= 20 && since.filter(({ kind, status }) => kind === 'write' && status === 503).length >= 3
  }
  for (const kind of [...fileKinds, ...fileKinds, ...fileKinds]) {
    const fault = await injectAndLand({ database, kind, forMs: 60_000, probe })
    await until('writes are refused', () => isRefused(fault.landedAt))
    const undone = await fault.undo()
    assert.ok(undone.intact)
    windows.push({ kind, from: fault.landedAt, to: undone.at })
    await until('the service is back', async () => (await probe('write')) === 201)
    const served = load.results.length
    await until('requests are served', () => load.results.length >= served + 20)
  }
  await load.stop()
  await outside.stop()

  for (const { kind, from, to } of windows) {
    const inside = load.results.filter((one) => one.due >= from && one.done <= to)
    assert.ok(inside.length >= 20, `${kind}: there was load`)
    const writes = inside.filter((one) => one.kind === 'write')
    const reads = inside.filter((one) => one.kind !== 'write')
    const statuses = (results: Result[]) => [...new Set(results.map((one) => one.status))]
    assert.deepEqual(statuses(writes), [503], `${kind}: only refusals`)
    assert.deepEqual(statuses(reads), [faults[kind].stops === 'writes' ? 200 : 503], `${kind}: reads`)
  }
  assert.ok(
    load.results.some((one) => one.status === 201 && one.due > (windows.at(-1)?.to ?? 0)),
    'writes work again',
  )
  assert.ok(load.results.every((one) => [200, 201, 503].includes(one.status)))
  assert.ok(outside.health.length > 0 && outside.health.every((sample) => sample.status === 200))
  assert.deepEqual(await lost(pool, token, notes.acknowledged), [])
  assert.ok(notes.acknowledged.size > 30, 'notes were written under load')
})

test('a note that is missing is noticed', async (t) => {
  const pool = connect(url, 4, 10_000)
  t.after(() => pool.destroy())
  const notes = await startMix(pool, token)
  notes.acknowledged.set('0123456789', 'was never written')
  const [id = ''] = notes.acknowledged.keys()
  notes.acknowledged.set(id, 'has another title')
  assert.deepEqual((await lost(pool, token, notes.acknowledged)).sort(), ['0123456789', id].sort())
})
