import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { after, type TestContext, test } from 'node:test'
import { fileKinds } from '../src/faults/fault.ts'
import { recordPath } from '../src/faults/record.ts'
import { faults } from '../src/faults/rollback.ts'
import { isRunning } from '../src/processes.ts'
import { api, lab, mode, says, until } from './helpers.ts'

const service = await api({ after })

function outage(t: TestContext, kind: string, time = '5m') {
  const { database, url, env } = service
  return lab(t, ['outage', '--database', database, '--mode', kind, '--for', time, '--url', url], { env })
}

for (const kind of fileKinds) {
  test(`outage --mode ${kind}: after kill -9, recover puts everything back and says so`, async (t) => {
    const before = statSync(service.database)
    const run = outage(t, kind)
    await says(run, 'It ends at')
    assert.equal(await service.probe(faults[kind].feltBy), 503)
    const { holder } = JSON.parse(readFileSync(recordPath(service.database), 'utf8'))
    run.child.kill('SIGKILL')
    await run.ended
    if (holder) await until('the lock holder is gone with its parent', () => !isRunning(holder))

    const recover = lab(t, ['recover', '--database', service.database])
    assert.equal(await recover.ended, 0, recover.out())
    await until('data requests succeed', async () => (await service.probe('write')) === 201)
    assert.equal(statSync(service.database).mode, before.mode)
    assert.equal(statSync(service.database).ino, before.ino)
    assert.ok(!existsSync(recordPath(service.database)))
  })
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`outage rolls its fault back on ${signal} and says how long the recovery took`, async (t) => {
    const before = mode(service.database)
    const run = outage(t, 'chmod')
    await says(run, 'It ends at')
    run.child.kill(signal)
    assert.equal(await run.ended, 0, run.out())
    assert.match(run.out(), /success\D+[\d.,]+ ms/)
    assert.equal(mode(service.database), before)
    assert.equal(await service.probe(), 200)
  })
}

test('outage shows what the API answers, ends when its time is over, and a later recover finds nothing', async (t) => {
  const before = mode(service.database)
  const run = outage(t, 'chmod', '1s')
  assert.equal(await run.ended, 0, run.out())
  assert.match(run.out(), /503\D+[\d.,]+ ms/)
  assert.match(run.out(), /degraded\D+[\d.,]+ ms/)
  assert.match(run.out(), /\/data\/notes\D+503 \{/)
  assert.match(run.out(), /\/health\D+200 .*"degraded":true/)
  const recover = lab(t, ['recover', '--database', service.database])
  assert.equal(await recover.ended, 0)
  assert.equal(mode(service.database), before)
})

test('recover ends a fault whose owner runs; a second outage meanwhile is refused', async (t) => {
  const run = outage(t, 'move')
  await says(run, 'It ends at')
  const second = outage(t, 'chmod')
  assert.equal(await second.ended, 2)
  const recover = lab(t, ['recover', '--database', service.database])
  assert.equal(await recover.ended, 0)
  assert.equal(await run.ended, 0)
  await until('data requests succeed', async () => (await service.probe()) === 200)
})

test('an outage rolls back first what a killed one has left', async (t) => {
  const before = mode(service.database)
  const killed = outage(t, 'chmod')
  await says(killed, 'It ends at')
  killed.child.kill('SIGKILL')
  await killed.ended
  const next = outage(t, 'lock', '1s')
  assert.equal(await next.ended, 0, next.out())
  assert.equal(mode(service.database), before)
})

test('without a record nothing is touched', async (t) => {
  const outages = () => (service.log?.changes ?? []).filter((one) => one.msg === 'database unavailable').length
  const before = [mode(service.database), outages()]
  const { database, url, env } = service
  const run = lab(t, ['outage', '--database', database, '--for', '1s', '--url', url], { env, limitFiles: true })
  assert.equal(await run.ended, 2, run.out())
  assert.match(run.out(), /EFBIG/)
  assert.doesNotMatch(run.out(), / at .*\.ts:/, 'no stack trace')
  assert.deepEqual([mode(database), outages()], before, 'the API noticed nothing')
})

const mistakes: [string, string[], RegExp, NodeJS.ProcessEnv?][] = [
  ['an unknown command', ['outrage'], /'outrage'/],
  ['an unknown mode', ['outage', '--mode', 'fire'], /MODE=fire.* chmod, lock, move, readonly/],
  ['a time that is none', ['outage', '--for', 'ever'], /FOR=ever/],
  ['a length that is none', ['experiment', 'baseline', '--seconds', 'abc'], /LENGTH=abc/],
  ['no repeat at all', ['experiment', 'baseline', '--runs', '0'], /RUNS=0/],
  ['an unknown load', ['experiment', 'baseline', '--load', 'wrk'], /LOAD=wrk.* own, k6/],
  ['one run to compare', ['compare', '--a', 'x'], /A=.* B=/],
  ['an unknown option', ['outage', '--mod', 'lock'], /'--mod'/],
  ['no database', ['recover'], /--database/],
  ['no password', ['outage', '--database', '/tmp/none.db'], /LAB_PASSWORD/],
  [
    'no API',
    ['outage', '--database', '/tmp/none.db', '--url', 'http://127.0.0.1:9'],
    /127\.0\.0\.1:9\b/,
    { LAB_PASSWORD: 'x' },
  ],
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
