import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { type TestContext, test } from 'node:test'
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

const skip = process.platform !== 'linux' && 'only Linux counts the waits'
const hog = 'while :; do :; done'

/** Runs a script of the shell, as a child of the lab, until the test is over. */
function start(t: TestContext, script: string, times = 1): void {
  for (let i = 0; i < times; i++) {
    const shell = spawn('sh', ['-c', script], { detached: true })
    t.after(() => shell.pid && process.kill(-shell.pid, 'SIGKILL'))
  }
}

/** A folder that cannot be written to leaves only the processor to be watched. */
function watch(t: TestContext, ownApi: boolean) {
  const { samples, stop } = watchMachine('/proc/no-such-folder', ownApi)
  t.after(stop)
  return (busy: boolean, after = 0) => {
    const lately = samples.slice(after).slice(-5)
    return lately.length === 5 && lately.every((one) => one.busy === busy)
  }
}

for (const [what, ownApi] of [
  ['processes of the lab wait for others', true],
  ['any process waits', false],
] as const)
  test(`a machine on which ${what} is busy`, { skip }, async (t) => {
    const areLast = watch(t, ownApi)
    // The lab itself waits only now and then.
    if (ownApi) start(t, hog)
    // Behind a shell they are no children of the lab.
    start(t, `${hog} & wait`, 4 * availableParallelism())
    await until('it stays busy', () => areLast(true))
  })

test('a machine on which processes of the lab wait for each other only is not busy', { skip }, async (t) => {
  start(t, hog, 16 * availableParallelism())
  const areLast = watch(t, true)
  await until('it is not busy for a second', () => areLast(false, 2))
})
