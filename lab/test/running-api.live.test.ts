import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { recordPath } from '../src/faults/record.ts'
import { isRunning } from '../src/processes.ts'
import { api, lab, mode, says, scratchFolder, stackEnv, until } from './helpers.ts'
import { experiment, judged } from './run-experiment.ts'

const service = await api({ after })
const noK6 = spawnSync('k6', ['version']).status !== 0 && 'there is no k6 on this machine'

/** An experiment on the API that runs already. */
function onService(t: TestContext, name: string, args: string[] = [], database = service.database) {
  const env = { ...stackEnv(service, '/none/lab.sock'), DATABASE_PATH: database }
  return experiment(t, ['experiment', name, '--seconds', '14', ...args], undefined, { env })
}

test('an experiment runs on an API that runs already, with k6 as its load', { skip: noK6 }, async (t) => {
  const journal = await judged(t, 'PASS', () => onService(t, 'outage-chmod'))
  if (!journal) return
  assert.deepEqual([journal.mode, journal.environment.load_generator], ['stack', 'k6'])
  const before = journal.seconds.filter(({ phase }) => phase === 'before')
  const due = before.reduce((sum, { rate }) => sum + rate, 0)
  assert.ok(Math.abs(due / before.length - 100) <= 5, `100 requests are due in each second, not ${due / before.length}`)
  assert.ok(journal.notes.acknowledged > 50 + 30, 'the notes that k6 wrote are read back')
  assert.ok(
    !journal.expectations.some(({ what }) => what.includes('log')),
    'nothing is expected of a log that cannot be read',
  )
})

test('a file that is not the database of the API makes it INVALID before anything is touched', async (t) => {
  const other = join(scratchFolder(t), 'notes.db')
  copyFileSync(service.database, other)
  const before = mode(other)
  const run = onService(t, 'outage-chmod', ['--load', 'own'], other)
  assert.equal(await run.ended, 2)
  assert.match(run.out(), /INVALID: /)
  assert.equal(mode(other), before)
})

test('an experiment that needs an API of its own gets one, although another API runs', async (t) => {
  const journal = await judged(t, 'PASS', () => onService(t, 'outage-lock-wal', ['--seconds', '9']))
  assert.ok(journal === undefined || (journal.mode === 'embedded' && journal.environment.journal_mode === 'wal'))
})

test('kill -9 of the runner in the middle of an outage: the next command rolls the fault back, and k6 ends', {
  skip: noK6,
}, async (t) => {
  const before = mode(service.database)
  const run = onService(t, 'outage-chmod')
  await says(run, /felt it after [\d.,]+ ms/)
  assert.equal(mode(service.database), '0000')
  const { owner } = JSON.parse(readFileSync(recordPath(service.database), 'utf8'))
  const load = spawnSync('pgrep', ['-P', String(owner.pid), 'k6'], { encoding: 'utf8' }).stdout.trim()
  run.child.kill('SIGKILL')
  assert.equal(await run.ended, 'SIGKILL')
  assert.ok(!isRunning(owner))
  if (load) await until('k6 is gone', () => !existsSync(`/proc/${load}`))
  const next = lab(t, ['recover', '--database', service.database])
  assert.equal(await next.ended, 0, next.out())
  assert.equal(mode(service.database), before)
  await until('data requests succeed', async () => (await service.probe()) === 200)
})

test('a length that is too short for k6 is refused with one that is not, before anything starts', async (t) => {
  const refused = onService(t, 'outage-lock', ['--seconds', '8'])
  assert.equal(await refused.ended, 2)
  const least = /LENGTH=(\d+)/.exec(refused.out())?.[1]
  assert.equal(least, '13', refused.out())
  assert.equal(existsSync(refused.kept), false)
})
