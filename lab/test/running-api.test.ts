import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { recordPath } from '../src/faults/record.ts'
import { isRunning } from '../src/processes.ts'
import { api, lab, mode, says, scratchFolder, until } from './helpers.ts'
import { onService } from './run-experiment.ts'

const service = await api({ after })
const noK6 = spawnSync('k6', ['version']).status !== 0 && 'there is no k6 on this machine'

test('a file that is not the database of the API makes it INVALID before anything is touched', async (t) => {
  const other = join(scratchFolder(t), 'notes.db')
  copyFileSync(service.database, other)
  const before = mode(other)
  const run = onService(t, { ...service, database: other }, 'outage-chmod', ['--load', 'own'])
  assert.equal(await run.ended, 2)
  assert.match(run.out(), /INVALID: /)
  assert.equal(mode(other), before)
})

test('kill -9 of the runner in the middle of an outage: the next command rolls the fault back, and k6 ends', {
  skip: noK6,
}, async (t) => {
  const before = mode(service.database)
  const run = onService(t, service, 'outage-chmod')
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
