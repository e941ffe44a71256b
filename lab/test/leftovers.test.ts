import assert from 'node:assert/strict'
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { endProcess } from '../src/processes.ts'
import { lab, root, says, scratchFolder, until } from './helpers.ts'
import { demo, nothingLeft } from './run-experiment.ts'

const noProc = process.platform !== 'linux' && 'finds the janitor in /proc, which is only on Linux'

// Side by side, since they mostly wait: their limits are wide.
describe('what the demo leaves behind', { concurrency: 4 }, () => {
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    test(`the demo leaves neither process nor folder after ${signal}, in the middle of an outage`, async (t) => {
      const run = demo(t)
      await says(run, /lock: process \d+ holds/)
      const { api } = run.owner()
      const pid = Number(/process (\d+) holds/.exec(run.out())?.[1])
      run.child.kill(signal)
      assert.equal(await run.ended, signal === 'SIGINT' ? 130 : 'SIGKILL', run.out())
      await nothingLeft(run, api)
      await until('the lock holder is gone', () => !existsSync(`/proc/${pid}`))
    })
  }

  test('a reader who goes away (| head) ends the demo like Ctrl-C', async (t) => {
    const run = demo(t)
    await says(run, 'Warm-up')
    const { api } = run.owner()
    run.child.stdout?.destroy()
    assert.equal(await run.ended, 130)
    await nothingLeft(run, api)
  })

  test('what a demo and its janitor left, both killed, is cleared away by the next one', {
    skip: noProc,
  }, async (t) => {
    const run = demo(t)
    await says(run, 'Warm-up')
    const { api, lab: killed } = run.owner()
    const children = readFileSync(`/proc/${killed.pid}/task/${killed.pid}/children`, 'utf8').trim().split(' ')
    for (const pid of children.map(Number)) {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('janitor')) process.kill(pid, 'SIGKILL')
    }
    run.child.kill('SIGKILL')
    await run.ended
    assert.equal(readdirSync(run.tmp).length, 1)
    const next = lab(t, ['demo', '--seconds', '2'], { env: { ...process.env, TMPDIR: run.tmp } })
    await says(next, 'Cleared away what 1 killed run had left.')
    next.child.kill('SIGTERM')
    assert.equal(await next.ended, 143)
    await endProcess(api, 5_000)
    await nothingLeft(run, api)
  })
})

test('a temporary folder that cannot be used is named, with a way out', async (t) => {
  const run = lab(t, ['demo'], { env: { ...process.env, TMPDIR: '/proc' } })
  assert.equal(await run.ended, 2)
  assert.match(run.out(), /The temporary folder \/proc cannot be used \(\w+\): .*TMPDIR=/)
})

test('a missing package, or an API that does not start, is named', async (t) => {
  const copy = scratchFolder(t)
  for (const part of ['lab/src', 'api/fuzz']) cpSync(join(root, part), join(copy, part), { recursive: true })
  for (const file of ['slo.json', 'package.json']) cpSync(join(root, file), join(copy, file))
  const main = join(copy, 'lab', 'src', 'main.ts')
  const bare = lab(t, ['demo'], { main })
  assert.equal(await bare.ended, 2)
  assert.match(bare.out(), /^The package undici is missing: run npm ci/)
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const started = lab(t, ['demo'], { main })
  assert.equal(await started.ended, 2)
  assert.match(started.out(), /The API did not start: it ended with exit code 1/)
})
