import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { recordPath } from '../src/faults/record.ts'
import { isRunning } from '../src/processes.ts'
import { api, lab, mode, root, says, scratchFolder, until } from './helpers.ts'
import { experiment } from './run-experiment.ts'

const service = await api({ after })
const noK6 = spawnSync('k6', ['version']).status !== 0 && 'there is no k6 on this machine'

/** An experiment on the API that runs already. */
function onService(t: TestContext, name: string, args: string[] = [], change: NodeJS.ProcessEnv = {}) {
  const { url, metricsUrl, database } = service
  const env = { ...service.env, LOGIN_ATTEMPTS_PER_MINUTE: '0', ...change }
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
  // Each login is a costly hash: a busy machine may keep k6 from its rate. Then it is tried once more.
  for (const isLast of [false, true]) {
    const run = onService(t, 'noisy-login')
    const code = await run.ended
    if (code === 2 && !isLast) continue
    if (code === 2) return t.skip(`INVALID twice: ${run.journals()[0]?.reasons[0]}`)
    assert.equal(code, 0, run.out())
    const logins = run.journals()[0]?.expectations.find(({ measure }) => measure === 'login_errors')
    assert.equal(logins?.value, 0)
    return
  }
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** An API that is started again whenever it ends, as a container is; its process number stands in the file `pid`. */
async function supervisedApi(t: TestContext) {
  const folder = mkdtempSync('/tmp/lab-test-')
  chmodSync(folder, 0o711)
  const [port, metricsPort] = [await freePort(), await freePort()]
  const database = join(folder, 'data', 'notes.db')
  const env = {
    PATH: process.env.PATH,
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    DATABASE_PATH: database,
    JWT_SECRET: randomBytes(48).toString('base64url'),
    LAB_USERS: 'demo:a-password-for-this-test',
    LOG_LEVEL: 'silent',
  }
  const again = 'while [ ! -e end ]; do "$@" & echo $! >pid; wait $!; done'
  const api = [process.execPath, join(root, 'api', 'src', 'main.ts')]
  const supervisor = spawn('sh', ['-c', again, 'sh', ...api], { cwd: folder, env, stdio: 'ignore' })
  const ended = once(supervisor, 'exit')
  t.after(async () => {
    writeFileSync(join(folder, 'end'), '')
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGKILL')
    await ended
    rmSync(folder, { recursive: true })
  })
  const [url, metricsUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${metricsPort}`]
  await until('it listens', () =>
    fetch(metricsUrl).then(
      () => true,
      () => false,
    ),
  )
  return { folder, url, metricsUrl, database, env }
}

test('where somebody else must kill the API a command does it, and the API is back by itself', async (t) => {
  const { folder, url, metricsUrl, database, env } = await supervisedApi(t)
  const where = ['--url', url, '--metrics', metricsUrl, '--database', database, '--load', 'own', '--seconds', '20']
  const LAB_HAND = `read order; [ $order = crash ] && kill -9 $(cat ${folder}/pid)`
  const run = experiment(t, ['experiment', 'crash', ...where], undefined, { env: { ...env, LAB_HAND } })
  assert.equal(await run.ended, 0, run.out())
  const [journal] = run.journals()
  const [fault] = journal?.happened.faults ?? []
  assert.ok(Number(fault?.recovered_after_ms) > 50, 'a process takes a moment to start')
  assert.ok(journal?.seconds.some(({ statuses }) => Number(statuses.ECONNREFUSED) > 0))
  assert.deepEqual(journal?.notes.lost, [])
})

test('when the users cannot be put back that is told, with exit code 2, and the run is kept', async (t) => {
  // A hand that changes nothing, and does not put back.
  const LAB_HAND = 'read order; [ "$order" != "users $LAB_USERS" ]'
  const LAB_USERS = `${service.env.LAB_USERS},${service.other?.username}:${service.other?.password}`
  const run = onService(t, 'stolen-token', ['--load', 'own', '--seconds', '14'], { LAB_HAND, LAB_USERS })
  assert.equal(await run.ended, 2, run.out())
  assert.match(run.out(), /^(FAIL|INVALID).*Nobody did "users" to the API/ms)
  assert.equal(run.journals().length, 1)
})
