import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { askLab, openSession } from '../src/api-client.ts'
import { spanOf } from '../src/commands/show.ts'
import { isSuccess } from '../src/load/figures.ts'
import { startOwnLoad } from '../src/load/load.ts'
import { serviceStory } from '../src/report/story.ts'
import { sessionJournal } from '../src/runner/session.ts'
import { findRun } from '../src/runs/find-run.ts'
import { openSessionDb, readSessionDb } from '../src/runs/session-db.ts'
import { startRecorder } from '../src/server/recorder.ts'
import { reporting } from '../src/targets/target.ts'
import { api, lab, says, scratchFolder, stackEnv, until } from './helpers.ts'

test('free play with an outage in it, of which lab and API are killed, is kept, graded and reported', async (t) => {
  const service = await api(t)
  const folder = scratchFolder(t)
  const [socket, record, runs] = [join(folder, 'lab.sock'), join(folder, 'session.db'), join(folder, 'runs')]
  const env = stackEnv(service, socket)
  const ports = ['--port', '0', '--prometheus-port', '0']
  const serving = lab(t, ['serve', ...ports, '--record', record], { env })
  await says(serving, 'listens on')
  const seconds = (having = '') =>
    readSessionDb(record, 0, Date.now()).filter(
      ({ kind, data }) => kind === 'second' && JSON.stringify(data).includes(having),
    ).length

  const load = await startOwnLoad(service, service.token, [{ rate: 100, seconds: 60 }])
  const { entered, loaded } = reporting('tale', 'stack', socket)
  let told = 0
  const tell = () => {
    loaded?.(load.results.slice(told), 0, { health: 'ok', busy: null })
    told = load.results.length
  }
  const timer = setInterval(tell, 100)
  t.after(() => clearInterval(timer))
  t.after(() => load.abandon())
  entered?.({ name: 'first', rate: 100, seconds: 60 }, null, '')
  load.enter({ rate: 100, seconds: 60 })
  await until('there is a baseline', () => seconds('"phase":"tale first"') >= 13)
  await askLab(socket, 'POST', '/outage', { mode: 'chmod', for: '5m' })
  await until('the outage has seconds', () => seconds('"fault":"chmod"') >= 4)
  await askLab(socket, 'POST', '/recover')
  const after = seconds()
  await until('there are seconds after it', () => seconds() >= after + 3)
  const failed = load.results.filter((one) => !isSuccess(one)).length
  serving.child.kill('SIGKILL')
  await service.api?.kill()
  await serving.ended

  const ask = async (...words: string[]) => {
    const asked = lab(t, [...words, '--folder', runs], { env: service.env })
    assert.equal(await asked.ended, 0, asked.out())
    return asked.out()
  }
  const name = (await ask('session', '5m', '--record', record)).trim()
  const { journal, folder: kept } = findRun(runs, name)
  const [fault] = journal.happened.faults
  assert.deepEqual([journal.verdict, journal.happened.faults.length, fault?.kind], [undefined, 1, 'chmod'])
  assert.ok(Number(fault?.landed_ms) >= Number(fault?.injected_ms) && Number(fault?.detected_after_ms) > 0)
  assert.ok(fault?.intact && Number(fault.recovered_after_ms) > 0)
  const loadedSeconds = journal.seconds.filter(({ phase }) => phase === 'tale first')
  const refused = loadedSeconds.filter(({ fault, error_ratio }) => fault === 'chmod' && error_ratio === 1)
  assert.ok(refused.length >= 3, JSON.stringify(loadedSeconds))
  assert.ok(refused.every(({ statuses, degraded, rate }) => Number(statuses[503]) > 20 && degraded === 1 && rate > 20))
  const phase = journal.happened.phases.find((one) => one.name === 'tale first')
  assert.ok(phase && Math.abs(phase.figures.failed - failed) < 0.2 * failed, `${phase?.figures.failed} of ${failed}`)
  assert.match(await ask('anomalies', '--run', name), /the combination +1 of 1 +100 % +[12] s/)
  assert.match(await ask('report', '--run', 'session'), /^Session {2}.*report\.html/)
  const page = readFileSync(join(kept, 'report.html'), 'utf8')
  const text = page.replaceAll(/<(script|style)[\s\S]*?<\/\1>/g, '')
  assert.match(text, /chmod for /)
  assert.doesNotMatch(text, /undefined|NaN/)
  assert.equal(text.match(/class="verdict "><p><strong>No verdict/g)?.length, 1)
})

test('a second is named by what was done in its middle, not at its end', async (t) => {
  const { url, username, password, metricsUrl } = await api(t)
  const session = openSession(url, username, password)
  const record = join(scratchFolder(t), 'session.db')
  const doing = () => ({ phase: Date.now() % 1000 < 400 ? 'begin' : 'middle', trouble: null, fault: null })
  const recorder = startRecorder({ session, metricsUrl, record, doing })
  t.after(() => recorder.stop().then(() => session.pool.destroy()))
  const isNoted = () => JSON.stringify(readSessionDb(record, 0, Date.now())).includes('"phase":"middle"')
  await until('the middle is noted', isNoted)
})

test('a load that k6 has judged is in the session with its goals, and so are faults that are only in the rows', async (t) => {
  const folder = scratchFolder(t)
  const [record, runs] = [join(folder, 'session.db'), join(folder, 'runs')]
  const begin = 1_000 * Math.floor(Date.now() / 1_000) - 60_000
  const db = openSessionDb(record)
  for (let s = 0; s < 50; s++) {
    const phase = s < 10 || s >= 30 ? 'idle' : 'k6 peak'
    const second = { time: '', rate: 1, error_ratio: 0, p50_ms: 1, p95_ms: 1, p99_ms: 1, statuses: {}, dropped: 0 }
    const server = {
      db_errors: 0,
      db_available: 1,
      degraded: 0,
      event_loop_delay_ms: 1,
      server_rate: 1,
      server_p95_ms: 1,
    }
    // One fault began before the span; an experiment has injected the other.
    const fault = s < 5 ? 'chmod' : s >= 40 && s < 47 ? 'lock' : null
    const trouble = s >= 20 && s < 25 ? 'overload' : null
    db.add(begin + 1_000 * s, 'second', { ...second, ...server, phase, fault, trouble })
  }
  db.add(begin + 4_400, 'fault', { kind: 'chmod', ended: { did: 'mode restored', success_ms: 3 } })
  const goals = [
    { what: 'p95 < 300 ms', limit: 300, measured: 412.345, met: false, words: '412.3 ms' },
    { what: 'errors < 3 %', limit: 3, measured: 0.1, met: true, words: '0.1 %' },
  ]
  const latency_ms = { p50: 3, p95: 412.345, p99: 500, max: 600 }
  const k6 = { rate: 499.9, requests: 9_990, failed: 15, dropped: 10, latency_ms, verdict: 'FAIL', reasons: ['late'] }
  db.add(begin + 30_500, 'k6', { script: 'peak', goals, ...k6 })
  db.close()
  const kept = lab(t, ['session', '2m', '--record', record, '--folder', runs])
  assert.equal(await kept.ended, 0, kept.out())
  const { journal } = findRun(runs)
  const phases = journal.happened.phases.map(({ name, start_ms, end_ms }) => [name, start_ms, end_ms])
  assert.deepEqual(phases, [
    ['idle', 0, 10_000],
    ['k6 peak', 10_000, 30_000],
    ['idle 2', 30_000, 50_000],
  ])
  const { due, failed, p95_ms, max_ms, rate } = journal.happened.phases[1]?.figures ?? assert.fail()
  assert.deepEqual([due, failed, p95_ms, max_ms, rate], [10_000, 15, 412.345, 600, 499.9])
  assert.deepEqual(
    journal.expectations.map(({ phase, value, limit, met }) => [phase, value, limit, met]),
    [
      ['k6 peak: FAIL', 412.345, 300, false],
      ['k6 peak: FAIL', 0.1, 3, true],
    ],
  )
  assert.deepEqual(journal.reasons, ['k6 peak: late'])
  const told = readSessionDb(record, 0, Date.now())
  for (const notes of [told, told.filter(({ kind }) => kind !== 'k6')])
    assert.equal(sessionJournal(notes, journal).environment.load_generator, 'k6')
  // An overload is trouble on purpose too: an alarm in it is a right one.
  const troubled = Object.entries(Object.groupBy(journal.seconds, ({ trouble }) => `${trouble}`))
  assert.deepEqual(
    troubled.map(([trouble, those = []]) => [trouble, those.length]),
    [
      ['chmod', 5],
      ['null', 33],
      ['overload', 5],
      ['lock', 7],
    ],
  )
  const faults = journal.happened.faults.map(({ kind, injected_ms, undone_ms }) => [kind, injected_ms, undone_ms])
  assert.deepEqual(faults, [
    ['chmod', 0, 5_000],
    ['lock', 40_000, 47_000],
  ])
  assert.match(serviceStory(journal).join('\n'), /^idle: .*chmod for 5 s\.\n.*\nidle 2: .*lock for 7 s\./)
})

test('what is older than a day is forgotten, and a file that is no database is moved aside', (t) => {
  const file = join(scratchFolder(t), 'session.db')
  writeFileSync(file, 'no database at all, and long enough to be read as the header of one')
  const db = openSessionDb(file)
  const now = Date.now()
  db.add(now - 25 * 3_600_000, 'second', {})
  db.add(now - 23 * 3_600_000, 'second', {})
  db.add(now, 'fault', { kind: 'lock' })
  db.close()
  const kept = readSessionDb(file, 0, now + 1).map(({ at, kind }) => [now - at, kind])
  assert.deepEqual(kept, [
    [23 * 3_600_000, 'second'],
    [0, 'fault'],
  ])
})

test('a span is some minutes until now, or from some to some minutes ago', () => {
  assert.deepEqual(spanOf('15m', 1_000_000_999), { from: 999_100_000, to: 1_000_000_000 })
  assert.deepEqual(spanOf('15m-10m', 1_000_000_000), { from: 999_100_000, to: 999_400_000 })
  for (const wrong of ['', '10m-15m', '5m-5m', 'yesterday', '23h', '15m-'])
    assert.throws(() => spanOf(wrong, 1_000_000_000), /UserError|give/, wrong)
})
