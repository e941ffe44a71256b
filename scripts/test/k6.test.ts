import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, startApi } from '../../api/test/start-api.ts'
import { connect } from '../../lab/src/api-client.ts'
import { meetsGoal } from '../../lab/src/experiments/shared/presets.ts'
import { hung, type Result } from '../../lab/src/load/figures.ts'
import { startMix } from '../../lab/src/load/load.ts'
import type { Experiment } from '../../lab/src/runner/experiment.ts'
import { judge } from '../../lab/src/runner/judge.ts'
import { parseMetrics } from '../../lab/src/runner/metrics-page.ts'
import { type Goal, loadSlo } from '../../lab/src/slo.ts'
import { at, recorded } from '../../lab/test/recorded.ts'

const root = join(import.meta.dirname, '../..')
const slo: { goals: Record<'baseline' | 'peak', Goal> } = JSON.parse(readFileSync(join(root, 'slo.json'), 'utf8'))
const scripts = ['smoke', 'baseline', 'peak', 'spike', 'ramp', 'soak']
const installed = spawnSync('k6', ['version']).status === 0
const skip = installed ? false : 'there is no k6 on the PATH; it comes from grafana.com/docs/k6'

// The whole environment of the scripts: a K6_... or a DURATION of this shell must not change a test.
const environment = { PATH: process.env.PATH, K6_NO_USAGE_REPORT: 'true', K6_AUTO_EXTENSION_RESOLUTION: 'false' }
// So wide that a busy machine does not miss them.
const easy = { rate: 20, duration_seconds: 2, quantile: 0.95, latency_ms: 9_000, error_ratio: 0.5 }

type Scope = Pick<TestContext, 'after'>

/** The scripts, what they import of the lab, and a slo.json with goals of our own, as they stand in the container. */
function labWith(t: Scope, goals: { baseline?: object; peak?: object }): string {
  const folder = mkdtempSync(join(tmpdir(), 'k6-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const part of ['k6', 'lab/src/load'])
    cpSync(join(root, part), join(folder, part), { recursive: true, filter: (file) => !file.includes('node_modules') })
  const all = { baseline: { ...easy, ...goals.baseline }, peak: { ...easy, ...goals.peak } }
  writeFileSync(join(folder, 'slo.json'), JSON.stringify({ goals: all }))
  mkdirSync(join(folder, 'run'))
  return folder
}

async function k6(t: Scope, args: string[], env: Record<string, string> = {}) {
  const child = spawn('k6', args, { env: { ...environment, ...env } })
  t.after(() => child.kill('SIGKILL'))
  let [out, error] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (error += text))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, out, error }
}

// The closing line of `make test` counts skipped tests, not skipped suites.
if (skip) test('the k6 scripts', { skip })

describe('k6', { skip, concurrency: 2, timeout: 120_000 }, () => {
  let api: Api
  const endings: (() => unknown)[] = []
  before(async () => {
    api = await startApi({ after: (end: () => unknown) => endings.push(end) } as Scope)
  })
  after(() => {
    for (const end of endings.reverse()) end()
  })

  async function run(t: Scope, script: string, { folder = labWith(t, {}), ...env }: Record<string, string> = {}) {
    const all = { API_URL: api.url, LAB_USERS: api.env.LAB_USERS ?? '', RUN_DIR: join(folder, 'run'), ...env }
    const ended = await k6(t, ['run', '--quiet', '--tag', 'testid=t1', join(folder, `k6/${script}.ts`)], all)
    const file = join(folder, 'run/summary.json')
    return { ...ended, summary: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined }
  }

  for (const script of scripts) {
    test(`k6 accepts ${script}.ts with nothing in its environment, and it asks what slo.json says`, async (t) => {
      const { code, out, error } = await k6(t, ['inspect', '--execution-requirements', join(root, `k6/${script}.ts`)])
      assert.equal(code, 0, error)
      if (script !== 'baseline' && script !== 'peak') return
      const { rate, duration_seconds, quantile, latency_ms, error_ratio } = slo.goals[script]
      const { scenarios, thresholds, totalDuration } = JSON.parse(out)
      assert.equal(scenarios[script].executor, 'constant-arrival-rate')
      assert.equal(scenarios[script].rate, rate)
      assert.equal(totalDuration, `${Math.floor((duration_seconds + 30) / 60)}m${(duration_seconds + 30) % 60}s`)
      assert.deepEqual(thresholds.latency_from_due, [`p(${quantile * 100})<${latency_ms}`])
      assert.deepEqual(thresholds.failed_requests, [`rate<${error_ratio}`])
      assert.deepEqual(thresholds.dropped_iterations, ['count==0'])
    })
  }

  test('smoke passes, says so, and leaves a summary.json of the promised shape', async (t) => {
    const { code, out, error, summary } = await run(t, 'smoke', { DURATION: '2s' })
    assert.equal(code, 0, error)
    assert.match(out, /p95 < 9000 ms +[\d.]+ ms +yes/)
    assert.match(out, /errors < 50 % +0.00 % \(0 of 1[01]\) +yes/)
    assert.match(out, /make outage FOR=20s/)
    const { goals, latency_ms, rate, requests, ...rest } = summary
    const said = { verdict: 'PASS', reasons: [] }
    assert.deepEqual(rest, { schema: 1, script: 'smoke', testid: 't1', failed: 0, dropped: 0, ...said })
    // Setup's login and its 50 notes are not counted.
    assert.ok(requests === 10 || requests === 11, `${requests} requests`)
    assert.equal(rate, requests / 2)
    assert.deepEqual(Object.keys(latency_ms), ['p50', 'p95', 'p99', 'max'])
    assert.ok(latency_ms.p50 > 0 && latency_ms.p50 <= latency_ms.max)
    assert.equal(goals.length, 4)
    for (const goal of goals) assert.deepEqual(Object.keys(goal), ['what', 'limit', 'measured', 'met', 'words'])
  })

  test('spike climbs to the rate of peak and comes back', async (t) => {
    const { code, error, summary } = await run(t, 'spike', { DURATION: '4s' })
    assert.equal(code, 0, error)
    // 1.2 s at 2/s, 1.6 s at 20/s, 1.2 s at 2/s.
    assert.ok(summary.requests >= 34 && summary.requests <= 44, `${summary.requests} requests`)
  })

  test('ramp shows each step and where the goal was last met', async (t) => {
    const { code, out, summary } = await run(t, 'ramp', { DURATION: '8s' })
    const asked = summary.steps.map((step: { asked: number }) => step.asked)
    assert.deepEqual(asked, [10, 20, 40, 60, 80, 100, 120, 160])
    // A busy machine may miss a step; what is said of them all must agree.
    const met = asked.filter((rate: number) => {
      const row = new RegExp(`^ +${rate}/s +[\\d.]+/s +[\\d.]+ ms +[\\d.]+ % +\\d+ +(yes|NO)$`, 'm').exec(out)
      return (row?.[1] ?? assert.fail(out)) === 'yes'
    })
    assert.equal(code === 0, met.includes(20), out)
    assert.equal(summary.knee, met.at(-1))
  })

  test('a latency goal that was missed is a NO, FAIL and not exit code 0', async (t) => {
    const folder = labWith(t, { baseline: { latency_ms: 0.001 } })
    const { code, out, summary } = await run(t, 'baseline', { folder })
    assert.equal(code, 99)
    assert.match(out, /p95 < 0.001 ms +[\d.]+ ms +NO/)
    // On a machine that is so busy that k6 itself is late the run proves nothing.
    assert.ok(['FAIL', 'INVALID'].includes(summary.verdict))
    assert.equal(summary.goals[0].met, false)
  })

  test('answers that are not 2xx are failed requests', async (t) => {
    const broken = await startApi(t)
    const folder = labWith(t, { baseline: { duration_seconds: 4, error_ratio: 0.01 } })
    const running = run(t, 'baseline', { folder, API_URL: broken.url, LAB_USERS: broken.env.LAB_USERS ?? '' })
    // The first note of the load, that is after the login and the notes of setup.
    await broken.logged((line) => line.route === '/data/notes/:id')
    const away = `${broken.databasePath}.away`
    cpSync(broken.databasePath, away)
    rmSync(broken.databasePath)
    const { code, out, summary } = await running
    assert.equal(code, 99)
    assert.match(out, /errors < 1 % +[\d.]+ % \(\d+ of \d+\) +NO/)
    assert.match(out, /\d+ with 5xx/)
    assert.ok(summary.failed > 0)
    assert.ok(['FAIL', 'INVALID'].includes(summary.verdict), summary.verdict)
  })

  test('a load that could not be sent proves nothing, unless the API held all its users up', async (t) => {
    const folder = labWith(t, { peak: { rate: 50_000, duration_seconds: 1 } })
    const { code, out, summary } = await run(t, 'peak', { folder })
    assert.equal(code, 99)
    assert.ok(summary.dropped > 0)
    // Which of the two was slower depends on the machine.
    const isHeldUp = summary.reasons.includes(hung(summary.dropped))
    assert.ok(summary.verdict === 'INVALID' || (summary.verdict === 'FAIL' && isHeldUp), JSON.stringify(summary))
    assert.match(out, new RegExp(`^ +${summary.verdict}$`, 'm'))
  })

  test('requests that could not be sent because the API hung are its failure', async (t) => {
    const hanging = await startApi(t)
    const folder = labWith(t, { baseline: { rate: 100, duration_seconds: 6, error_ratio: 0.99 } })
    const running = run(t, 'baseline', { folder, API_URL: hanging.url, LAB_USERS: hanging.env.LAB_USERS ?? '' })
    await hanging.logged((line) => line.route === '/data/notes/:id')
    hanging.child.kill('SIGSTOP')
    await sleep(3_000)
    hanging.child.kill('SIGCONT')
    const { summary, error } = await running
    assert.ok(summary, error)
    assert.ok(summary.dropped > 0)
    assert.equal(summary.verdict, 'FAIL', summary.reasons.join())
  })

  const aborted = 108 // an exit code of k6
  const refused: [string, RegExp, Record<string, string>][] = [
    ['no LAB_USERS', /LAB_USERS.*make up/, { LAB_USERS: '' }],
    ['a wrong password', /password/, { LAB_USERS: 'demo:wrong' }],
    ['no API', /http:\/\/127\.0\.0\.1:1 /, { API_URL: 'http://127.0.0.1:1' }],
    ['a wrong DURATION', /DURATION=soon/, { DURATION: 'soon' }],
  ]
  for (const [what, named, env] of refused) {
    test(`${what} is answered with one sentence`, async (t) => {
      const { code, out, error, summary } = await run(t, 'smoke', env)
      assert.equal(code, aborted)
      assert.match(error, named)
      assert.equal(error.trim().split('\n').length, 1, error)
      assert.equal(out.trim(), '')
      assert.equal(summary, undefined)
    })
  }

  test('the requests divide as those of the demo', async (t) => {
    const count = 400
    const ours = await startApi(t)
    const folder = labWith(t, { baseline: { rate: count / 2 } })
    await run(t, 'baseline', { folder, API_URL: ours.url, LAB_USERS: ours.env.LAB_USERS ?? '' })

    const theirs = await startApi(t)
    const pool = connect(theirs.url, 4, 5_000)
    t.after(() => pool.destroy())
    const { next } = await startMix(pool, await theirs.login())
    for (let i = 0; i < count; i++) await next().send(new AbortController().signal)

    const [k6s, demos] = [await shares(ours), await shares(theirs)]
    for (const [what, share] of Object.entries(demos)) {
      assert.ok(Math.abs((k6s[what] ?? 0) - share) < 0.02, `${what}: ${k6s[what]} by k6, ${share} by the demo`)
    }
  })

  for (const [verdict, latency_ms] of [
    ['PASS', 9_000],
    ['FAIL', 0.001],
  ] as const)
    test(`what k6 sums up is what the lab computes from the same requests: ${verdict}`, async (t) => {
      const goal = { ...easy, rate: 100, latency_ms }
      const folder = labWith(t, { baseline: goal })
      const file = join(folder, 'run/requests.json')
      const { summary, error } = await run(t, 'baseline', { folder, K6_OUT: `json=${file}` })
      assert.ok(summary, error)
      const values = valuesIn(file)
      const results: Result[] = values('latency_from_due').map((latency, i) => {
        const due = at(0) + i * 10
        const [sent, status] = [due + (values('generator_lag')[i] ?? 0), values('failed_requests')[i] ? 503 : 200]
        return { kind: 'read', due, sent, done: due + latency, status }
      })
      // k6 may send one more request at the very end.
      const phases = [{ name: 'baseline', rate: goal.rate, seconds: goal.duration_seconds + 0.01 }]
      const experiment = { phases, expectations: meetsGoal('baseline', goal) } as Experiment
      const goals = { ...loadSlo(join(root, 'slo.json')), goals: { baseline: goal, peak: goal } }
      const dropped = Array<number>(summary.dropped).fill(at(1))
      const judgement = judge({ ...recorded(experiment), results, dropped }, experiment, goals)

      assert.equal(judgement.verdict, summary.verdict)
      // On a machine that is so busy that k6 itself is late the run proves nothing, for both.
      assert.ok([verdict, 'INVALID'].includes(summary.verdict), summary.reasons.join())
      // k6 then measures from sending: the moments of due are wrong after a drop.
      if (summary.dropped > 0) return t.skip('this machine was busy: k6 dropped requests')
      const [latency, errors] = judgement.expectations
      assert.ok(Math.abs((latency?.value ?? 0) - summary.goals[0].measured) < 1e-6, `${latency?.value}`)
      assert.ok(Math.abs((errors?.value ?? 0) - summary.goals[1].measured) < 1e-6, `${errors?.value}`)
    })
})

/** The values of a metric in what k6 wrote to a file, one for each request. */
function valuesIn(file: string): (name: string) => number[] {
  const points = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line): Point => JSON.parse(line))
  const byName = Map.groupBy(
    points.filter(({ type }) => type === 'Point'),
    ({ metric }) => metric,
  )
  return (name) => (byName.get(name) ?? []).map(({ data }) => data.value)
}

type Point = { type: string; metric: string; data: { value: number } }

/** Which share of the data requests was of which kind, the 50 notes before the load left out. */
async function shares(api: Api): Promise<Record<string, number>> {
  const page = await (await fetch(api.metricsUrl)).text()
  const counts: Record<string, number> = { 'GET /data/notes/:id': 0, 'GET /data/notes': 0, 'POST /data/notes': -50 }
  for (const { name, labels, value } of parseMetrics(page)) {
    const kind = `${labels.http_request_method} ${labels.http_route}`
    if (name === 'http_server_request_duration_seconds_count' && kind in counts)
      counts[kind] = (counts[kind] ?? 0) + value
  }
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, count / all]))
}
