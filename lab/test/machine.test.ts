import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { watchMachine } from '../src/runner/machine.ts'
import { scratchFolder, until } from './helpers.ts'

const noPressure = !existsSync('/proc/pressure/cpu') && 'this kernel does not count the pressure'

test('the machine is watched: processor and disk, and no file is left', async (t) => {
  const folder = scratchFolder(t)
  const watch = watchMachine(folder, true)
  t.after(watch.stop)
  const seen = (what: string) => watch.samples.filter((one) => one.what === what)
  await until('both are seen', () => seen('processor').length >= 3 && seen('disk').length >= 3)
  watch.stop()
  for (const { what, from, to, waited_ms } of watch.samples) {
    assert.ok(to > from && Number.isFinite(waited_ms) && waited_ms < 60_000, `${what}: ${waited_ms} ms`)
    if (what === 'disk') assert.equal(waited_ms, to - from)
  }
  assert.deepEqual(readdirSync(folder), [])
})

test('an API that is no child of the lab is watched by the pressure on the machine', {
  skip: noPressure,
}, async (t) => {
  const watch = watchMachine(scratchFolder(t), false)
  t.after(watch.stop)
  await until('it is seen', () => watch.samples.some(({ what }) => what === 'pressure'))
  assert.ok(watch.samples.every(({ waited_ms }) => waited_ms > -200))
})

test('a folder that cannot be written to leaves the processor to be watched', async (t) => {
  const watch = watchMachine('/proc/no-such-folder', true)
  t.after(watch.stop)
  await until('it is seen', () => watch.samples.length >= 3)
  assert.ok(watch.samples.every(({ what }) => what === 'processor'))
})
