import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { isRunning } from '../src/processes.ts'
import { api, lab, main, root, says, scratchFolder, until } from './helpers.ts'
import { demo, experiment, nothingLeft } from './run-experiment.ts'

describe('what a run leaves behind', () => {
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    test(`an experiment leaves neither process nor folder after ${signal}, in the middle of an outage`, async (t) => {
      const run = experiment(t, ['experiment', 'outage-lock', '--seconds', '8'])
      await says(run, /lock: process \d+ holds/)
      const api = run.api()
      run.child.kill(signal)
      assert.equal(await run.ended, signal === 'SIGINT' ? 130 : 'SIGKILL', run.out())
      await nothingLeft(run, api)
    })
  }

  test('an API does not outlive a lab that is killed after its folder was removed', async (t) => {
    const run = demo(t)
    await says(run, 'Warm-up')
    const api = run.api()
    rmSync(run.tmp, { recursive: true })
    run.child.kill('SIGKILL')
    await until('the API is gone', () => !isRunning(api))
  })

  test('a reader who goes away (| head) ends the demo like Ctrl-C', async (t) => {
    const run = demo(t)
    await says(run, 'Warm-up')
    const api = run.api()
    run.child.stdout?.destroy()
    assert.equal(await run.ended, 130)
    await nothingLeft(run, api)
  })
})

for (const TMPDIR of ['/proc', '/gone']) {
  test(`a temporary folder that cannot be used, ${TMPDIR}, is named, without a stack trace`, async (t) => {
    const run = lab(t, ['experiment', 'demo'], { env: { ...process.env, TMPDIR } })
    assert.equal(await run.ended, 2)
    assert.ok(run.out().includes(`${TMPDIR} `), run.out())
    assert.doesNotMatch(run.out(), / at .*\.ts:/)
  })
}

const isLinuxRoot = process.platform === 'linux' && process.getuid?.() === 0
for (const [what, command] of [
  ['root of a user namespace without other users', ['unshare', '--user', '--map-root-user']],
  ['root without capabilities', ['setpriv', '--bounding-set=-all', '--inh-caps=-all']],
] as const) {
  const cannot = spawnSync(command[0], [...command.slice(1), 'true']).status !== 0 && `${command[0]} does not work here`
  test(`${what} cannot start an unprivileged API, and the message says why`, {
    skip: isLinuxRoot ? cannot : 'not root',
  }, async () => {
    const { status, stdout, stderr } = spawnSync(command[0], [
      ...command.slice(1),
      process.execPath,
      main,
      'experiment',
      'demo',
    ])
    assert.equal(status, 2)
    assert.match(String(stderr), /65534/)
    assert.doesNotMatch(`${stdout}${stderr}`, / at .*\.ts:/)
  })
}

test('root may have the checkout in a folder that no other user may enter', {
  skip: !isLinuxRoot && 'not root',
}, async (t) => {
  const copy = scratchFolder(t)
  for (const part of ['api/src', 'api/package.json']) cpSync(join(root, part), join(copy, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  spawnSync('chmod', ['-R', 'go=', copy])
  const { url, database } = await api(t, {}, join(copy, 'api/src/main.ts'))
  assert.equal(statSync(database).uid, 65534)
  assert.equal((await fetch(`${url}/health`)).status, 200)
})

test('a missing package, or an API that does not start, is named', async (t) => {
  const copy = scratchFolder(t)
  cpSync(join(root, 'lab/src'), join(copy, 'lab/src'), { recursive: true })
  for (const file of ['slo.json', 'package.json']) cpSync(join(root, file), join(copy, file))
  const copied = { main: join(copy, 'lab', 'src', 'main.ts') }
  const bare = lab(t, ['experiment', 'demo'], copied)
  assert.equal(await bare.ended, 2)
  assert.match(bare.out(), /npm ci/)
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const started = lab(t, ['experiment', 'demo'], copied)
  assert.equal(await started.ended, 2)
  assert.match(started.out(), /exit code 1/)
})
