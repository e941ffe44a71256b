import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { recordPath } from '../src/faults/record.ts'
import { isRunning } from '../src/processes.ts'
import { api, lab, mode, says, scratchFolder, until } from './helpers.ts'
import { experiment } from './run-experiment.ts'

const service = await api({ after })
const noK6 = spawnSync('k6', ['version']).status !== 0 && 'there is no k6 on this machine'

/** An experiment on the API that runs already. */
function onService(t: TestContext, name: string, args: string[] = []) {
  const { url, metricsUrl, database } = service
  const env = { ...service.env, LOGIN_ATTEMPTS_PER_MINUTE: '0' }
  const where = ['--url', url, '--metrics', metricsUrl, '--database', database]
  return experiment(t, ['experiment', name, '--seconds', '19', ...where, ...args], undefined, { env })
}

test('an experiment runs on an API that somebody else started, with k6 as its load', { skip: noK6 }, async (t) => {
  const run = onService(t, 'outage-chmod')
  assert.equal(await run.ended, 0, run.out())
  const [journal] = run.journals()
  assert.deepEqual([journal?.mode, journal?.environment.load_generator], ['stack', 'k6'])
  const before = journal?.seconds.filter(({ phase }) => phase === 'before') ?? []
  for (const { rate } of before)
    assert.ok(Math.abs(rate - 100) <= 5, `100 requests are due in each second, not ${rate}`)
  assert.ok(Number(journal?.notes.acknowledged) > 50 + 30, 'the notes that k6 wrote are read back')
  assert.ok(
    !journal?.expectations.some(({ what }) => what.includes('log')),
    'nothing is expected of a log that cannot be read',
  )
})

test('k6 sends logins beside the data requests', { skip: noK6 }, async (t) => {
  const run = onService(t, 'noisy-login')
  assert.equal(await run.ended, 0, run.out())
  assert.match(run.out(), /logins refused = 0 % +0 of [1-9]\d/)
})

test('a file that is not the database of the API makes it INVALID before anything is touched', async (t) => {
  const other = join(scratchFolder(t), 'notes.db')
  copyFileSync(service.database, other)
  const before = mode(other)
  const run = onService(t, 'outage-chmod', ['--database', other, '--load', 'own'])
  assert.equal(await run.ended, 2)
  assert.match(run.out(), /INVALID: .* is not the database of the API at .*: a note that was just written is not in it/)
  assert.equal(mode(other), before)
})

test('what cannot be had on an API that runs already is skipped, with the reason and a way out', async (t) => {
  for (const [name, reason] of [
    ['outage-lock-wal', /needs an API with JOURNAL_MODE=wal/],
    ['busy-timeout', /needs an API with BUSY_TIMEOUT_MS=5000/],
    ['crash', /needs somebody who may kill the API/],
    ['disk-full', /lies on a file system of \d+ MB/],
  ] as const) {
    const run = onService(t, name)
    assert.equal(await run.ended, 2)
    assert.match(run.out(), /^Skipped: /m)
    assert.match(run.out(), reason)
    assert.match(run.out(), /EMBEDDED=1/)
  }
})

test('kill -9 of the runner in the middle of an outage: the next command makes the world whole, and k6 ends', {
  skip: noK6,
}, async (t) => {
  const before = mode(service.database)
  const run = onService(t, 'outage-chmod')
  await says(run, 'First 503')
  assert.equal(mode(service.database), '0000')
  const { keeper } = JSON.parse(readFileSync(recordPath(service.database), 'utf8'))
  const load = spawnSync('pgrep', ['-P', String(keeper.pid), 'k6'], { encoding: 'utf8' }).stdout.trim()
  run.child.kill('SIGKILL')
  assert.equal(await run.ended, 'SIGKILL')
  assert.ok(!isRunning(keeper))
  if (load) await until('k6 is gone', () => !existsSync(`/proc/${load}`))
  const next = lab(t, ['recover', '--database', service.database])
  assert.equal(await next.ended, 0, next.out())
  assert.equal(mode(service.database), before)
  await until('data requests succeed', async () => (await service.probe()) === 200)
})
