import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { now } from '../src/clock.ts'
import { watchMachine } from '../src/runner/machine.ts'
import { scratchFolder, until } from './helpers.ts'

test('the machine is watched, and no file is left', async (t) => {
  const folder = scratchFolder(t)
  const begin = now()
  const { samples, stop } = watchMachine(folder, true)
  t.after(stop)
  // The disk is looked at at once, the processor after a while.
  await until('processor and disk are seen', () => samples.length >= 4)
  stop()
  for (const { from, to } of samples) assert.ok(to > from && from >= begin, `${from} to ${to}`)
  assert.deepEqual(readdirSync(folder), [])
})

for (const [what, ownApi] of [
  ['processes of the lab wait', true],
  ['any process waits', false],
] as const)
  test(`a machine on which ${what} for a processor is busy`, {
    skip: process.platform !== 'linux' && 'only Linux counts the waits',
  }, async (t) => {
    // A folder that cannot be written to leaves only the processor to be watched.
    const { samples, stop } = watchMachine('/proc/no-such-folder', ownApi)
    t.after(stop)
    const hog = 'while :; do :; done'
    for (let i = 0; i < 4 * availableParallelism(); i++) {
      // Behind a shell it is no child of the lab.
      const shell = spawn('sh', ['-c', ownApi ? hog : `${hog} & wait`], { detached: true })
      t.after(() => shell.pid && process.kill(-shell.pid, 'SIGKILL'))
    }
    // The lab itself waits only now and then.
    const lately = () => samples.slice(-5)
    await until('it stays busy', () => lately().length === 5 && lately().every(({ busy }) => busy))
  })
