import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { experimentNames } from '../src/runner/experiment.ts'
import { lab, says } from './helpers.ts'
import { demo, experiment, nothingLeft } from './run-experiment.ts'

/** The secrets of a running API: one from its environment, the passwords from the file that is named there. */
function secretsOf(pid: number): string[] {
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  const value = (name: string) => environment.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
  const users = readFileSync(value('LAB_USERS_FILE'), 'utf8').trimEnd().split('\n')
  return [value('JWT_SECRET'), ...users.map((user) => user.split(':')[1] ?? '')]
}

// Side by side, since they mostly wait: their limits are wide.
describe('verdicts', { concurrency: 4 }, () => {
  test('the demo passes, says so line by line, and keeps everything but secrets in its journal', async (t) => {
    const run = demo(t)
    await says(run, 'Warm-up')
    const { api } = run.owner()
    const secrets = process.platform === 'linux' ? secretsOf(api.pid) : []
    assert.equal(await run.ended, 0, run.out())
    assert.match(run.out(), /\nPASS\n/)
    assert.ok(!run.out().includes('\u001b'), 'no colours in a pipe')
    for (const line of run.out().split('\n')) if (!line.startsWith('Kept')) assert.ok(line.length <= 78, line)
    await nothingLeft(run, api)

    const [name = ''] = readdirSync(run.kept).filter((one) => one.endsWith('demo'))
    const text = readFileSync(join(run.kept, name, 'journal.json'), 'utf8')
    const [journal] = run.journals()
    assert.ok(journal)
    assert.deepEqual([journal.schema, journal.verdict, journal.notes.lost], [2, 'PASS', []])
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
      server.some(
        ({ server_p95_ms, event_loop_delay_ms }) => Number(server_p95_ms) > 0 && event_loop_delay_ms !== null,
      ),
    )
    // An outage of a second begins in one second and ends in the next.
    assert.ok(
      journal.seconds.some(({ fault }) => fault === 'chmod') && journal.seconds.some(({ degraded }) => degraded === 1),
    )
    assert.ok(journal.seconds.some(({ error_ratio }) => Number(error_ratio) > 0.4))
    assert.ok(journal.seconds.some(({ db_errors }) => Number(db_errors) > 30))
    for (const secret of secrets) assert.ok(secret && !text.includes(secret), 'no secret is in the journal')
    assert.doesNotMatch(text, /eyJ[\w-]+\./, 'no token either')
  })

  test('a goal that is missed makes it FAIL, with exit code 1 and the name of the expectation', async (t) => {
    const run = experiment(
      t,
      ['experiment', 'outage-chmod', '--seconds', '8'],
      (slo) => (slo.goals.baseline.error_ratio = 0),
    )
    assert.equal(await run.ended, 1, run.out())
    const [journal] = run.journals()
    assert.equal(journal?.verdict, 'FAIL')
    const missed = journal.expectations.flatMap(({ met, measure, phase }) => (met ? [] : [`${phase}: ${measure}`]))
    assert.deepEqual(missed, ['before: errors'])
  })

  test('a generator that was not running in time makes it INVALID, with exit code 2', async (t) => {
    const run = experiment(t, ['experiment', 'baseline', '--seconds', '6'], (slo) => {
      slo.goals.baseline.latency_ms = 1_000
      slo.outage.degraded_within_ms = 1_000
    })
    await says(run, 'baseline')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    run.child.kill('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    run.child.kill('SIGCONT')
    assert.equal(await run.ended, 2, run.out())
    assert.match(run.out(), /\nINVALID:\n/)
    assert.match(run.out(), /This machine stood still for 1\.\d s/)
    assert.match(run.out(), /baseline: The generator was late itself/)
  })

  test('a load that cannot be reached makes it INVALID', async (t) => {
    const run = experiment(
      t,
      ['experiment', 'baseline', '--seconds', '1'],
      (slo) => (slo.goals.baseline.rate = 100_000),
    )
    assert.equal(await run.ended, 2, run.out())
    assert.match(run.out(), /baseline: The load was not reached: \d+ of \d+ requests/)
  })

  test('an API that dies under the load makes it FAIL at once', async (t) => {
    const run = demo(t)
    await says(run, 'Peak')
    const { api } = run.owner()
    process.kill(api.pid, 'SIGKILL')
    assert.equal(await run.ended, 1, run.out())
    assert.match(run.out(), /\nFAIL:\n {2}The API ended by itself, by SIGKILL/)
    assert.match(run.out(), /Not met: lock: .*never reached/)
    await nothingLeft(run, api)
  })
})

// Long enough for what each needs: an API takes a second or two to start again.
const seconds: Record<string, number> = { 'stolen-token': 46, crash: 25, 'busy-timeout': 24, flapping: 20 }
const quick = experimentNames().filter((name) => name !== 'demo' && name !== 'disk-full')

describe('every experiment, in short', { concurrency: 4 }, () => {
  for (const name of quick) {
    test(`${name} passes`, async (t) => {
      const run = experiment(t, ['experiment', name, '--seconds', String(seconds[name] ?? 9)], ({ outage }) => {
        // Whoever is frozen for longer than a refusal may take counts.
        if (name === 'busy-timeout') outage.refusal_p99_ms = 100
      })
      assert.equal(await run.ended, 0, run.out())
      const [journal] = run.journals()
      assert.equal(journal?.experiment, name)
      assert.ok(journal.notes.acknowledged > 50)
    })
  }

  test('disk-full passes as root on Linux, and is skipped with a reason by anybody else', async (t) => {
    const run = experiment(t, ['experiment', 'disk-full', '--seconds', '9'])
    const code = await run.ended
    if (process.platform === 'linux' && process.getuid?.() === 0 && code === 0) {
      const mounts = readFileSync('/proc/mounts', 'utf8')
      assert.ok(!mounts.includes(run.tmp), 'its small file system is gone')
    } else {
      assert.equal(code, 2, run.out())
      assert.match(run.out(), /Skipped: the database would need a small file system/)
    }
    assert.deepEqual(readdirSync(run.tmp), [])
  })
})

test('a script is told what an experiment needs of the API', async (t) => {
  for (const [name, needs] of [
    ['outage-lock-wal', 'JOURNAL_MODE=wal\n'],
    ['crash', 'hand\n'],
    ['stolen-token', 'hand\n'],
    ['baseline', ''],
  ] as const) {
    const run = lab(t, ['experiment-needs', name])
    assert.equal(await run.ended, 0)
    assert.equal(run.out(), needs)
  }
})

test('the list has every experiment with its question, and a wrong name is answered with the right ones', async (t) => {
  const list = lab(t, ['experiments'])
  assert.equal(await list.ended, 0)
  for (const name of experimentNames()) assert.match(list.out(), new RegExp(`^${name} \\(\\d+ s\\)\\n {2}.*`, 'm'))
  for (const args of [['outage'], [], ['--seconds', '5'], ['../main']]) {
    const run = lab(t, ['experiment', ...args])
    assert.equal(await run.ended, 2)
    assert.match(run.out(), /the experiments are .*baseline, .*busy-timeout, crash/)
  }
})
