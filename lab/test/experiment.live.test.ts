import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sleep } from '../src/clock.ts'
import type { Slo } from '../src/slo.ts'
import { noDisk, says, until } from './helpers.ts'
import { demo, type ExperimentRun, experiment, judged, nothingLeft } from './run-experiment.ts'

const noAddresses = process.platform !== 'linux' && 'only the loopback of Linux has many addresses'

/** The secrets in the environment of a running API. */
function secretsOf(pid: number): string[] {
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  const value = (name: string) => environment.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
  const users = value('LAB_USERS').split(',')
  return [value('JWT_SECRET'), ...users.map((user) => user.split(':')[1] ?? '')]
}

test('the demo passes, leaves nothing behind, and keeps everything but secrets in its journal', async (t) => {
  let secrets: string[] = []
  let played: ExperimentRun | undefined
  const journal = await judged(t, 'PASS', () => {
    const run = demo(t)
    played = run
    const read = () => {
      if (process.platform === 'linux') secrets = secretsOf(run.api().pid)
    }
    says(run, 'Warm-up').then(read, () => {})
    return run
  })
  if (!journal || !played) return
  assert.deepEqual(readdirSync(played.tmp), [])
  assert.ok(!played.out().includes('\u001b'), 'no colours in a pipe')
  for (const line of played.out().split('\n')) if (!line.startsWith('Kept')) assert.ok(line.length <= 80, line)

  const rows = [...played.out().matchAll(/^ +(\d+) s +([a-z-]+) /gm)]
  assert.ok(rows.length > 0)
  // A row says when its second is over.
  for (const [, end, phase] of rows) assert.equal(journal.seconds[Number(end) - 1]?.phase, phase, `until ${end} s`)
  const [name = ''] = readdirSync(played.kept).filter((one) => one.endsWith('demo'))
  const text = readFileSync(join(played.kept, name, 'journal.json'), 'utf8')
  assert.deepEqual(journal.notes.lost, [])
  assert.equal(journal.happened.phases.length, journal.planned.phases.length)
  assert.deepEqual(
    journal.happened.faults.map(({ kind, intact }) => [kind, intact]),
    [
      ['chmod', true],
      ['lock', true],
    ],
  )
  assert.ok(journal.expectations.length >= 18 && journal.expectations.every(({ why }) => why.length > 0))
  const server = journal.seconds.filter(({ server_rate }) => server_rate !== null)
  assert.ok(journal.seconds.length >= 9 && server.length >= 7, 'the seconds, and what the server said of them')
  assert.ok(
    server.some(({ server_p95_ms, event_loop_delay_ms }) => Number(server_p95_ms) > 0 && event_loop_delay_ms !== null),
  )
  // An outage of a second begins in one second and ends in the next.
  assert.ok(
    journal.seconds.some(({ fault }) => fault === 'chmod') && journal.seconds.some(({ degraded }) => degraded === 1),
  )
  assert.ok(journal.seconds.some(({ error_ratio }) => Number(error_ratio) > 0.4))
  assert.ok(journal.seconds.some(({ db_errors }) => Number(db_errors) > 30))
  assert.ok(secrets.length === 3 || process.platform !== 'linux')
  for (const secret of secrets) assert.ok(secret && !text.includes(secret), 'no secret is in the journal')
  assert.doesNotMatch(text, /eyJ[\w-]+\./, 'no token either')
})

test('a goal that is missed makes it FAIL, with exit code 1', async (t) => {
  // No share of errors is below 0.
  const noErrors = (slo: Slo) => (slo.goals.baseline.error_ratio = 0)
  const journal = await judged(t, 'FAIL', () => experiment(t, ['experiment', 'baseline', '--seconds', '4'], noErrors))
  const missed = journal?.expectations.filter(({ met }) => !met)
  assert.deepEqual(missed?.map(({ measure }) => measure) ?? ['errors'], ['errors'])
})

test('a generator that was not running in time makes it INVALID, with exit code 2', async (t) => {
  const run = experiment(t, ['experiment', 'baseline', '--seconds', '5'], (slo) => {
    slo.goals.baseline.latency_ms = 1_000
    slo.outage.degraded_within_ms = 1_000
  })
  await says(run, 'baseline')
  await until('the phase has rows', () => /\n +\d+ s +baseline/.test(run.out()))
  run.child.kill('SIGSTOP')
  await sleep(1_500)
  run.child.kill('SIGCONT')
  assert.equal(await run.ended, 2, run.out())
  const [journal] = run.journals()
  assert.equal(journal?.verdict, 'INVALID')
  // One of the reasons says for how long.
  assert.ok(
    journal.reasons.some((reason) => Number(/(\d\.\d) s/.exec(reason)?.[1]) >= 1),
    journal.reasons.join(),
  )
})

test('a load that cannot be reached makes it INVALID', async (t) => {
  const run = experiment(t, ['experiment', 'baseline', '--seconds', '1'], (slo) => (slo.goals.baseline.rate = 100_000))
  assert.equal(await run.ended, 2, run.out())
  assert.equal(run.journals()[0]?.verdict, 'INVALID')
})

test('an API that dies under the load makes it FAIL at once', async (t) => {
  const run = demo(t)
  await says(run, 'Peak')
  const api = run.api()
  process.kill(api.pid, 'SIGKILL')
  assert.equal(await run.ended, 1, run.out())
  const [journal] = run.journals()
  assert.equal(journal?.verdict, 'FAIL')
  assert.match(journal.reasons[0] ?? '', /SIGKILL/)
  assert.equal(journal.expectations.find(({ phase }) => phase === 'lock')?.value, null)
  await nothingLeft(run, api)
})

// One at a time, and only what no other test plays. What each needs: an API takes a second or two to start again.
const lengths = { crash: 15, 'busy-timeout': 15, 'brute-force-distributed': 9, 'weak-secret': 9 }

for (const [name, seconds] of Object.entries(lengths)) {
  test(`${name} passes`, { skip: name === 'brute-force-distributed' && noAddresses }, async (t) => {
    const args = ['experiment', name, '--seconds', String(seconds)]
    const journal = await judged(t, 'PASS', () => experiment(t, args, change))
    assert.ok(journal === undefined || journal.notes.acknowledged > 50)
    // Clients that are frozen for longer than a refusal may take count.
    function change({ outage }: Slo): void {
      if (name === 'busy-timeout') outage.refusal_p99_ms = 100
    }
  })
}

if (!noDisk)
  test('disk-full passes, and its small disk is gone', async (t) => {
    let tmp = ''
    await judged(t, 'PASS', () => {
      const run = experiment(t, ['experiment', 'disk-full', '--seconds', '9'])
      tmp = run.tmp
      return run
    })
    assert.ok(!readFileSync('/proc/mounts', 'utf8').includes(tmp))
    assert.deepEqual(readdirSync(tmp), [])
  })
else
  test('disk-full is skipped where no disk can be mounted', async (t) => {
    const run = experiment(t, ['experiment', 'disk-full', '--seconds', '9'])
    assert.equal(await run.ended, 2, run.out())
    assert.deepEqual(existsSync(run.kept) ? run.journals() : [], [], 'nothing was played')
    assert.deepEqual(readdirSync(run.tmp), [])
  })
