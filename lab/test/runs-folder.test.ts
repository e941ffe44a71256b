import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeTempFolder } from '../src/targets/temp-folder.ts'
import { lab, noDisk, says, scratchFolder, until } from './helpers.ts'
import { experiment, nothingLeft } from './run-experiment.ts'

async function smallDisk(t: TestContext, megabytes: number): Promise<string> {
  const folder = await makeTempFolder(megabytes)
  t.after(folder.clear)
  return join(folder.path, 'data')
}

test('a runs folder on a full disk ends the experiment before anything is measured', { skip: noDisk }, async (t) => {
  const folder = await smallDisk(t, 4)
  const run = lab(t, ['experiment', 'baseline', '--seconds', '4', '--folder', folder])
  assert.equal(await run.ended, 2)
  assert.match(run.out(), /\(ENOSPC\)/)
})

test('a folder for runs that is no folder is told too', async (t) => {
  const file = join(scratchFolder(t), 'file')
  writeFileSync(file, '')
  const run = lab(t, ['experiment', 'baseline', '--seconds', '4', '--folder', join(file, 'runs')])
  assert.equal(await run.ended, 2)
  assert.match(run.out(), /\(ENOTDIR\)/)
})

test('a disk that fills up meanwhile costs the run its record, not its verdict', { skip: noDisk }, async (t) => {
  const folder = await smallDisk(t, 9)
  const run = experiment(t, ['experiment', 'baseline', '--seconds', '4', '--folder', folder])
  await says(run, 'Warm-up')
  const api = run.api()
  assert.throws(() => writeFileSync(join(folder, 'full'), Buffer.alloc(10 * 1024 * 1024)), /ENOSPC/)
  assert.equal(await run.ended, 2, run.out())
  // Which verdict it is depends on how busy this machine is.
  assert.match(run.out(), /\n(PASS|INVALID)[\s\S]*ENOSPC/)
  assert.deepEqual(readdirSync(folder), ['full'], 'nothing half written')
  await nothingLeft(run, api)
})

test('the small disk of disk-full is gone after kill -9 in the middle', { skip: noDisk }, async (t) => {
  const run = experiment(t, ['experiment', 'disk-full', '--seconds', '14'])
  await says(run, 'fill: a file takes all room')
  const api = run.api()
  assert.ok(readFileSync('/proc/mounts', 'utf8').includes(run.tmp))
  run.child.kill('SIGKILL')
  await run.ended
  await nothingLeft(run, api)
  await until('it is unmounted', () => !readFileSync('/proc/mounts', 'utf8').includes(run.tmp))
  assert.ok(existsSync(run.tmp))
})
