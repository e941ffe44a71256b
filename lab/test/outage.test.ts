// What the command line does about faults when no lab can be asked any more, and what it says of a mistake.
import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { faults } from '../src/faults/all.ts'
import { recordPath } from '../src/faults/record.ts'
import { api, fileKinds, lab, mode, says, scratchFolder, stackEnv, until } from './helpers.ts'

const service = await api({ after })

/** A lab that serves and holds a fault. */
async function holding(t: TestContext, kind: string) {
  const env = stackEnv(service, join(scratchFolder(t), 'lab.sock'))
  const record = ['--record', `${env.LAB_SOCKET}.db`]
  const serving = lab(t, ['serve', '--port', '0', '--prometheus-port', '0', ...record], { env })
  await says(serving, 'listens on')
  const outage = lab(t, ['outage', '--mode', kind, '--for', '5m'], { env })
  assert.equal(await outage.ended, 0, outage.out())
  return serving
}

for (const kind of fileKinds) {
  test(`outage --mode ${kind}: after kill -9 of the lab, recover puts everything back and says so`, async (t) => {
    const before = statSync(service.database)
    const { child, ended } = await holding(t, kind)
    assert.equal(await service.probe(faults[kind].feltBy), 503)
    child.kill('SIGKILL')
    await ended

    const recover = lab(t, ['recover', '--database', service.database])
    assert.equal(await recover.ended, 0, recover.out())
    await until('data requests succeed', async () => (await service.probe('write')) === 201)
    assert.equal(statSync(service.database).mode, before.mode)
    assert.equal(statSync(service.database).ino, before.ino)
    assert.ok(!existsSync(recordPath(service.database)))
  })
}

test('recover ends a fault and the lab that keeps it, and a later recover finds nothing', async (t) => {
  const before = mode(service.database)
  const { ended } = await holding(t, 'move')
  for (const _ of [1, 2]) assert.equal(await lab(t, ['recover', '--database', service.database]).ended, 0)
  assert.equal(await ended, 0)
  assert.equal(mode(service.database), before)
  await until('data requests succeed', async () => (await service.probe()) === 200)
})

const mistakes: [string, string[], RegExp, NodeJS.ProcessEnv?][] = [
  ['an unknown command', ['outrage'], /'outrage'/],
  ['an unknown mode', ['outage', '--mode', 'fire'], /MODE=fire.* chmod, lock, move, readonly/],
  ['a time that is none', ['outage', '--for', 'ever'], /FOR=ever/],
  ['a length that is none', ['experiment', 'baseline', '--seconds', 'abc'], /LENGTH=abc/],
  ['no repeat at all', ['experiment', 'baseline', '--runs', '0'], /RUNS=0/],
  ['half a repeat', ['experiment', 'baseline', '--runs', '2.5'], /RUNS=2\.5/],
  ['a port that is none', ['lab', '--port', 'abc'], /LAB_PORT=abc/],
  ['an unknown load', ['experiment', 'baseline', '--load', 'wrk'], /LOAD=wrk.* own, k6/],
  ['a lesson without a terminal', ['lesson', '3'], /terminal/],
  ['a mystery without a terminal', ['mystery'], /terminal/],
  ['one run to compare', ['compare', '--a', 'x'], /A=.* B=/],
  ['an unknown option', ['outage', '--mod', 'lock'], /'--mod'/],
  ['no lab', ['outage'], /LAB_SOCKET/],
  ['no user', ['status'], /LAB_USERS/, { LAB_SOCKET: '/none/lab.sock' }],
  ['no folder', ['recover', '--database', '/tmp/no/such/folder.db'], /\/tmp\/no\/such .*ENOENT/],
]
for (const [what, args, named, env] of mistakes) {
  test(`${what} is named in one message, with exit code 2`, async (t) => {
    const run = lab(t, args, { env: { PATH: process.env.PATH, ...env } })
    assert.equal(await run.ended, 2)
    assert.match(run.out(), named)
    assert.doesNotMatch(run.out(), / at .*\.ts:/, 'no stack trace')
  })
}
