import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { says } from './helpers.ts'
import { demo, journalOf, nothingLeft } from './run-demo.ts'

// Side by side, since they mostly wait: their limits are wide.
describe('verdicts of the demo', { concurrency: 4 }, () => {
  test('the demo passes, says so line by line, and keeps everything but secrets in its journal', async (t) => {
    const run = demo(t)
    await says(run, 'Warm-up')
    const { api } = run.owner()
    const environment = process.platform === 'linux' ? readFileSync(`/proc/${api.pid}/environ`, 'utf8') : ''
    assert.equal(await run.ended, 0, run.out())
    assert.match(run.out(), /\nPASS\n/)
    assert.ok(!run.out().includes('\u001b'), 'no colours in a pipe')
    for (const line of run.out().split('\n')) if (!line.startsWith('Journal')) assert.ok(line.length <= 78, line)
    await nothingLeft(run, api)

    const text = readFileSync(journalOf(run) ?? '', 'utf8')
    const journal = JSON.parse(text)
    assert.deepEqual([journal.schema, journal.verdict, journal.notes.lost], [1, 'PASS', []])
    assert.equal(journal.timeline.length, journal.planned.length)
    assert.ok(journal.expectations.length >= 19 && journal.load.length > 5 && journal.metrics.length > 4)
    assert.ok(journal.log.changes.length >= 4)
    for (const name of ['JWT_SECRET=', 'LAB_USERS=demo:']) {
      const secret = environment
        .split('\0')
        .find((one) => one.startsWith(name))
        ?.slice(name.length)
      if (secret) assert.ok(!text.includes(secret), `${name} is not in the journal`)
    }
    assert.doesNotMatch(text, /eyJ[\w-]+\./, 'no token either')
  })

  test('a goal that is missed makes it FAIL, with exit code 1 and the name of the expectation', async (t) => {
    const run = demo(t, (slo) => (slo.outage.recovered_within_ms = 0))
    assert.equal(await run.ended, 1, run.out())
    assert.match(
      run.out(),
      /\nFAIL:\n {2}Not met: outage by chmod: first success after recovery within 0 ms:\s+measured \d+/,
    )
  })

  test('a generator that was not running in time makes it INVALID, with exit code 2', async (t) => {
    const run = demo(t, (slo) => (slo.goals.baseline.latency_ms = 1_000))
    await says(run, 'Baseline')
    run.child.kill('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    run.child.kill('SIGCONT')
    assert.equal(await run.ended, 2, run.out())
    assert.match(run.out(), /\nINVALID:\n {2}baseline: this generator was late itself/)
  })

  test('an API that dies under the load makes it FAIL at once', async (t) => {
    const run = demo(t)
    await says(run, 'Peak')
    const { api } = run.owner()
    process.kill(api.pid, 'SIGKILL')
    assert.equal(await run.ended, 1, run.out())
    assert.match(run.out(), /\nFAIL:\n {2}The API ended by itself, by SIGKILL/)
    await nothingLeft(run, api)
  })
})
