import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { api, noDisk, says } from './helpers.ts'
import { noPty } from './in-terminal.ts'
import { conclusive } from './play-on.ts'
import { isMeasured, played } from './played-lesson.ts'
import { demo, type ExperimentRun, experiment, judged, onService } from './run-experiment.ts'

const noK6 = spawnSync('k6', ['version']).status !== 0 && 'there is no k6 on this machine'
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

// Only what no other test plays.
for (const name of ['brute-force-distributed', 'weak-secret']) {
  test(`${name} passes`, { skip: name === 'brute-force-distributed' && noAddresses }, async (t) => {
    const journal = await judged(t, 'PASS', () => experiment(t, ['experiment', name, '--seconds', '7']))
    assert.ok(journal === undefined || journal.notes.acknowledged > 50)
  })
}

if (!noDisk)
  test('disk-full passes, and its small disk is gone', async (t) => {
    let tmp = ''
    await judged(t, 'PASS', () => {
      const run = experiment(t, ['experiment', 'disk-full', '--seconds', '8'])
      tmp = run.tmp
      return run
    })
    assert.ok(!readFileSync('/proc/mounts', 'utf8').includes(tmp))
    assert.deepEqual(readdirSync(tmp), [])
  })
else
  test('disk-full is skipped where no disk can be mounted', async (t) => {
    const run = experiment(t, ['experiment', 'disk-full', '--seconds', '8'])
    assert.equal(await run.ended, 2, run.out())
    assert.deepEqual(existsSync(run.kept) ? run.journals() : [], [], 'nothing was played')
    assert.deepEqual(readdirSync(run.tmp), [])
  })

test('an experiment runs on an API that runs already, with k6 as its load', { skip: noK6 }, async (t) => {
  const service = await api(t)
  const journal = await judged(t, 'PASS', () => onService(t, service, 'outage-chmod'))
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

// Their experiments have no other test. An API that was killed takes a second or two to start again, and a lock must last some.
for (const [name, seconds] of [
  ['04-frozen', 14],
  ['08-crash', 15],
] as const) {
  test(`lesson ${name} is played to its end, and its run passes`, { skip: noPty }, async (t) => {
    const lesson = await conclusive(t, () => played(t, name, seconds))
    if (!lesson) return
    assert.equal(lesson.verdict, 'PASS', lesson.reasons.join())
    isMeasured(t, lesson.out)
  })
}
