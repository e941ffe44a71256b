// The real stack (without Grafana), used by make alone. The tests build on one another: one stack, one story. Where there
// is no Docker they are skipped; with CI=true that is a failure.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { checkPanels, type Range } from '../../../grafana/test/panels.ts'
import { checkout, noStack } from './checkout.ts'
import { reachOwnBackEnd } from './own-back-end.ts'

const skip = noStack()
test('the stack can be tested here, or this is not CI', { skip: process.env.CI === 'true' ? undefined : skip }, () =>
  assert.equal(skip, undefined),
)

const stack = skip ? (undefined as never) : await checkout()
if (stack) {
  after(() => stack.remove())
  // A run that is cut short must not leave its stack behind.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stack.remove()
      process.exit(1)
    })
  }
}
let token = ''
/** Every secret of this run, replaced ones included. */
const secrets = new Set<string>()
const passwords = () =>
  stack
    .setting('LAB_USERS')
    .split(',')
    .map((user) => user.split(':')[1] ?? '')
function rememberSecrets() {
  for (const secret of [stack.setting('JWT_SECRET'), stack.setting('LAB_TOKEN'), ...passwords(), token])
    secrets.add(secret)
}
/** What happened when, for the dashboards. */
const story: Record<string, Range> = {}
async function tell(part: string, what: () => Promise<unknown>): Promise<void> {
  const from = Date.now() / 1000
  await what()
  story[part] = { from, to: Date.now() / 1000 }
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...init.headers }
  return fetch(stack.url('API_PORT') + path, { ...init, headers })
}
const dataStatus = async (headers = {}) => (await ask('/data/notes?limit=1', { headers })).status
async function postNote(): Promise<string> {
  const answer = await ask('/data/notes', { method: 'POST', body: '{"title":"t","body":"b"}' })
  assert.equal(answer.status, 201)
  return ((await answer.json()) as { id: string }).id
}
async function logIn(username: string, password = ''): Promise<number> {
  return (await ask('/auth/login', { method: 'POST', body: JSON.stringify({ username, password }) })).status
}

async function until(what: string, isSo: () => Promise<boolean>, seconds = 90): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(200)) {
    if (await isSo().catch(() => false)) return
  }
  assert.fail(`not within ${seconds} s: ${what}`)
}

async function succeeds(...words: string[]): Promise<string> {
  const { code, out } = await stack.make(...words)
  assert.equal(code, 0, `make ${words.join(' ')}:\n${out}`)
  return out
}
const inApi = (...command: string[]) => stack.docker('compose', 'exec', '-T', 'api', ...command)
const inspect = () => JSON.parse(stack.docker('inspect', ...stack.docker('compose', 'ps', '--quiet').split('\n')))
/** The numbers behind a label of `lab downtime`, such as `back  412 ms later`. */
const numbers = (out: string, label: string) =>
  [...(new RegExp(`${label}(.*)`).exec(out)?.[1] ?? '').matchAll(/\d+/g)].map(Number)

test('docker compose refuses to start without secrets', { skip }, () => {
  assert.throws(() => stack.docker('compose', 'up', '--no-start'), /make up/)
})

test('make up makes secrets, starts everything and keeps what it was given; a second one changes nothing', {
  skip,
}, async () => {
  await succeeds('up', ...stack.given)
  const file = join(stack.folder, '.env')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(stack.setting('API_PORT'), stack.ports.API_PORT)
  assert.equal(await stack.prometheus('min(up{job=~"api|lab"})'), 1)
  token = await stack.login()
  rememberSecrets()
  assert.equal(await dataStatus(), 200)
  const before = [stack.docker('compose', 'ps', '--quiet'), readFileSync(file, 'utf8')]
  const out = await succeeds('up')
  assert.deepEqual([stack.docker('compose', 'ps', '--quiet'), readFileSync(file, 'utf8')], before)
  for (const password of passwords()) assert.ok(!out.includes(password), out)
  assert.match(await succeeds('status'), new RegExp(`Lab +http://localhost:${stack.ports.LAB_PORT}/#.+\n`))
  await tell('idle', () => sleep(8_000))
})

test('the whole compose file, Grafana in it, is valid, local, without a proxy and within 1.5 GB', {
  skip,
}, () => {
  const { services } = JSON.parse(stack.docker('compose', '--profile', 'load', 'config', '--format', 'json'))
  assert.deepEqual(Object.keys(services).sort(), ['api', 'grafana', 'k6', 'lab', 'prometheus'])
  type Service = {
    ports?: { host_ip: string }[]
    mem_limit: string
    environment: Record<string, string>
  }
  const all = Object.values<Service>(services)
  const limits = all.map(({ mem_limit }) => Number(mem_limit))
  assert.ok(limits.every((limit) => limit > 0) && limits.reduce((sum, limit) => sum + limit) <= 1.5e9)
  for (const { ports = [], environment } of all) {
    for (const { host_ip } of ports) assert.equal(host_ip, '127.0.0.1')
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']) assert.equal(environment[name], '')
  }
})

test('running containers have no more rights, and know no more secrets, than they need', { skip }, () => {
  for (const { Config, HostConfig, Mounts, Name, NetworkSettings } of inspect()) {
    assert.match(Config.User, /^[1-9]/, Name)
    assert.ok(HostConfig.ReadonlyRootfs && !HostConfig.Privileged, Name)
    assert.deepEqual([HostConfig.CapDrop, HostConfig.CapAdd], [['ALL'], null], Name)
    assert.deepEqual(HostConfig.SecurityOpt, ['no-new-privileges:true'], Name)
    assert.ok(HostConfig.Memory > 0 && HostConfig.PidsLimit > 0 && HostConfig.Init, Name)
    assert.equal(HostConfig.RestartPolicy.Name, 'unless-stopped', Name)
    assert.equal(HostConfig.LogConfig.Config['max-size'], '10m', Name)
    assert.deepEqual(
      [HostConfig.NetworkMode === 'host', HostConfig.PidMode, HostConfig.Devices ?? []],
      [false, '', []],
      Name,
    )
    const ports = Object.values<{ HostIp: string }[] | null>(NetworkSettings.Ports).flatMap((port) => port ?? [])
    for (const { HostIp } of ports) assert.equal(HostIp, '127.0.0.1', Name)
    assert.ok(!Mounts.some(({ Source }: { Source: string }) => Source.includes('docker.sock')), Name)
    const knows = (secret: string) => JSON.stringify(Config).includes(secret)
    assert.equal(knows(stack.setting('JWT_SECRET')), Name.endsWith('-api-1'), Name)
    for (const password of passwords()) assert.equal(knows(password), /-(api|lab)-1$/.test(Name), Name)
  }
})

test('images hold neither npm nor a compiler, no development packages and no secret', { skip }, () => {
  const find =
    'for c in npm npx corepack yarn gcc cc make python3; do command -v $c; done; ls -a . node_modules node_modules/.bin'
  for (const service of ['api', 'lab']) {
    const there = stack.docker('compose', 'exec', '-T', service, 'sh', '-c', find)
    assert.doesNotMatch(
      there,
      /(^|\/)(npm|npx|corepack|yarn|gcc|cc|make|python3|typescript|tsc|biome|autocannon|\.env)$/m,
    )
    const history = stack.docker('history', '--no-trunc', `${stack.project}-${service}`)
    for (const secret of secrets) assert.ok(!history.includes(secret))
  }
})

test('Prometheus is shown for reading only, and to this machine only', { skip }, async () => {
  const status = async (path: string, init: RequestInit = {}) =>
    (await fetch(stack.url('PROMETHEUS_PORT') + path, init)).status
  const elsewhere = { headers: { Origin: 'http://elsewhere.example' } }
  const write = { method: 'POST', body: new Uint8Array([0]) }
  assert.deepEqual([await status('/api/v1/write', write), await status('/-/reload', { method: 'POST' })], [403, 403])
  assert.deepEqual(
    [await status('/api/v1/query?query=up'), await status('/api/v1/query?query=up', elsewhere)],
    [200, 403],
  )
  assert.equal((await fetch(`${stack.url('LAB_PORT')}/`, elsewhere)).status, 403)
})

test('a wrong value is an error and changes nothing', { skip }, async () => {
  const before = JSON.stringify(
    inspect().map(({ Id, State }: { Id: string; State: { StartedAt: string } }) => [Id, State.StartedAt]),
  )
  const env = readFileSync(join(stack.folder, '.env'), 'utf8')
  const wrong = [
    'outage MODE=fire',
    'outage FOR=long',
    'load SCRIPT=fast',
    'up SERVICES=web',
    'logs ONLY=me',
    'load SCRIPT=smoke K6=no-such-k6',
    'experiment NAME=none',
    'rotate RETIRE=1',
  ]
  const check = async (words: string) => {
    const { code, out } = await stack.make(...words.split(' '))
    assert.equal(code, 2, words)
    assert.doesNotMatch(out, /^\s+at .*:\d+/m, 'no stack trace')
  }
  await Promise.all(wrong.map(check))
  assert.equal(
    JSON.stringify(
      inspect().map(({ Id, State }: { Id: string; State: { StartedAt: string } }) => [Id, State.StartedAt]),
    ),
    before,
  )
  assert.equal(readFileSync(join(stack.folder, '.env'), 'utf8'), env)
  assert.equal(await dataStatus(), 200)
})

/** The newest run of this name: its folder under runs/ and one of its files. */
function newestRun<T>(ending: string, file: string): { folder: string; content: T } {
  const name = readdirSync(join(stack.folder, 'runs'))
    .filter((one) => one.endsWith(ending))
    .sort()
    .at(-1)
  const folder = join(stack.folder, 'runs', name ?? assert.fail(`no run ${ending}`))
  assert.ok(statSync(join(folder, 'report.html')).size > 0)
  for (const path of [folder, join(folder, file)]) assert.equal(statSync(path).uid, process.getuid?.(), path)
  return { folder, content: JSON.parse(readFileSync(join(folder, file), 'utf8')) }
}
/** The last line of an output before the one of make, and the exit code that goes with it. */
function checkVerdict({ code, out }: { code: number | null; out: string }): string {
  const verdict = /^Verdict: (\w+)\n(make: .*\n)?$/m.exec(out)?.[1] ?? assert.fail(out)
  assert.equal(code, verdict === 'PASS' ? 0 : 2)
  return verdict
}

test('a load run judges itself, and what it leaves belongs to the caller', { skip }, async () => {
  type Summary = { verdict: string; testid: string; failed: number; dropped: number; requests: number }
  const verdict = checkVerdict(await stack.make('load', 'SCRIPT=baseline', 'DURATION=6s'))
  const { content: summary } = newestRun<Summary>('-k6-baseline', 'summary.json')
  assert.equal(summary.verdict, verdict)
  // A busy machine drops arrivals, which count as failed and are not sent; the verdict is INVALID then.
  assert.equal(summary.failed, summary.dropped, JSON.stringify(summary))
  const sent = await stack.prometheus(`sum(max_over_time(k6_http_reqs_total{testid="${summary.testid}"}[1m]))`)
  assert.ok(sent && sent > 0.9 * summary.requests, `Prometheus has ${sent} of ${summary.requests} requests`)
  assert.doesNotMatch(stack.docker('compose', 'exec', '-T', 'lab', 'ls', '/runs'), /^(?!session\.db)/m)
})

test('chmod and lock under load: 503 at once, Prometheus sees it, and it ends', { skip }, async (t) => {
  const firing = () => stack.prometheus('max(ALERTS{alertname="DatabaseUnavailable",alertstate="firing"})')
  await until(
    'Prometheus knows what is usual',
    async () => (await stack.prometheus('count(api:signal:mean5m)')) !== undefined,
    120,
  )
  const load = stack.start('load', 'SCRIPT=soak', 'DURATION=9m') // it is ended below
  await until('the load is on', async () => ((await stack.prometheus('k6_http_reqs_total{scenario="soak"}')) ?? 0) > 0)
  await sleep(3_000)
  await tell('before', () => sleep(10_000))
  for (const mode of ['chmod', 'lock']) {
    const began = Date.now()
    await succeeds('outage', `MODE=${mode}`, 'FOR=5m')
    const health = await ask('/health')
    const { degraded } = (await health.json()) as { degraded: boolean }
    assert.deepEqual([await dataStatus(), health.status, degraded], [503, 200, true])
    await until('Prometheus sees it', async () => {
      const seen = [`lab_fault_active{kind="${mode}"}`, 'lab_probe_status{target="data"}', 'min(db_available)']
      return isDeepStrictEqual(await Promise.all(seen.map(stack.prometheus)), [1, 503, 0])
    })
    if (mode === 'chmod') {
      assert.notEqual((await stack.make('outage', 'MODE=lock')).code, 0, 'one at a time')
      await until('the alarm rings', async () => (await firing()) === 1)
      t.diagnostic(`the alarm rang ${((Date.now() - began) / 1000).toFixed(1)} s after make outage`)
      await tell('during', () => sleep(6_000))
    }
    assert.match(await succeeds('status'), new RegExp(`fault +${mode}`))
    await succeeds('recover')
    assert.equal(await dataStatus(), 200)
    await until('Prometheus sees the end', async () => (await stack.prometheus('min(db_available)')) === 1)
    if (mode === 'chmod') {
      await until('the alarm is silent', async () => (await firing()) === undefined)
      // Longer than the 10 s that count as neither right nor wrong.
      await tell('after', () => sleep(12_000))
    }
  }
  assert.match(await succeeds('logs', 'ONLY=outage', 'TAIL=20000'), /503 .*db_unavailable/)
  await tell('attack', attack)
  const ofProject = ['--filter', `label=com.docker.compose.project=${stack.project}`]
  const k6 = stack.docker('ps', '--quiet', ...ofProject, '--filter', 'label=com.docker.compose.service=k6')
  stack.docker('kill', '--signal', 'INT', k6)
  const { code } = await load.ended
  assert.equal(code, 2, 'the load met outages, so its goals were missed')
})

test('the outages by hand are kept as a session and graded, under the load as k6 saw it', { skip }, async () => {
  const out = await succeeds('anomalies', 'SINCE=30m')
  const [, found] = /the combination +(\d+) of \d+/.exec(out) ?? assert.fail(out)
  // An alarm begins only when the one before it has ended, and these faults follow each other within seconds.
  assert.ok(Number(found) >= 1, out)
  type Session = {
    happened: {
      faults: { kind: string; detected_after_ms: number }[]
      phases: { name: string; figures: { failed: number } }[]
    }
    seconds: { phase: string; rate: number; p99_ms: number | null; fault: string | null; error_ratio: number | null }[]
  }
  const { content } = newestRun<Session>('-session', 'journal.json')
  assert.deepEqual(content.happened.faults.map(({ kind }) => kind).slice(0, 2), ['chmod', 'lock'])
  const loaded = content.seconds.filter(({ phase, p99_ms }) => phase === 'k6 soak' && p99_ms !== null)
  const refused = loaded.filter(({ fault, error_ratio }) => fault !== null && error_ratio === 1)
  // At the edge of a load, and on a busy machine, k6 sends less in a second; the probe alone would send one.
  assert.ok(refused.filter(({ rate }) => rate > 100).length > 5, JSON.stringify(refused.map(({ rate }) => rate)))
  const soak = content.happened.phases.find(({ name }) => name === 'k6 soak')
  assert.ok(Number(soak?.figures.failed) > 1_000)
})

test('readonly: reads go on, writes are refused as read-only, and it ends', { skip }, async () => {
  const write = () => ask('/data/notes', { method: 'POST', body: '{"title":"t","body":"b"}' })
  await succeeds('outage', 'MODE=readonly', 'FOR=5m')
  const refused = await write()
  const { type } = (await refused.json()) as { type: string }
  const { status } = (await (await ask('/health')).json()) as { status: string }
  assert.deepEqual(
    [await dataStatus(), refused.status, type, status],
    [200, 503, '/problems/database-read-only', 'read_only'],
  )
  await succeeds('recover')
  await until('writes succeed', async () => (await write()).status === 201)
})

type Played = { verdict: string; mode: string; seconds: { rate: number }[] }

/** Guesses passwords and sends forged tokens while experiments attack the stack's API; too short to be judged. */
async function attack(): Promise<void> {
  let on = true
  const forged = { headers: { Authorization: `Bearer ${token.slice(0, -4)}AAAA` } }
  const guess = async () => {
    for (; on; await sleep(100)) await Promise.all([logIn('mallory', 'guessed it'), ask('/data/notes', forged)])
  }
  const play = async () => {
    for (const [name, counted] of [
      ['flood', 'lab_attack_attempts_total{attack="flood"}'],
      ['weak-secret', 'lab_attack_guesses_total'],
    ] as const) {
      checkVerdict(await stack.make('experiment', `NAME=${name}`, 'LENGTH=6', 'LOAD=own'))
      await until(`Prometheus has ${name}`, async () => ((await stack.prometheus(`sum(${counted})`)) ?? 0) > 0)
    }
  }
  await Promise.all([guess(), play().finally(() => (on = false))])
}

test('every query of every dashboard is answered, and every panel moves when its subject does', { skip }, async (t) => {
  const { queries, failures } = await checkPanels(stack.url('PROMETHEUS_PORT'), story)
  t.diagnostic(`${queries} queries were executed`)
  assert.deepEqual(failures, [])
})

test("an experiment on the stack's API is played, judged and copied", { skip }, async () => {
  const seen = async () => (await stack.prometheus('sum(lab_client_requests_total{outcome!="dropped"})')) ?? 0
  const before = await seen()
  const verdict = checkVerdict(await stack.make('experiment', 'NAME=outage-lock', 'LENGTH=9', 'LOAD=own'))
  const { folder, content } = newestRun<Played>('-outage-lock', 'journal.json')
  assert.match(readFileSync(join(folder, 'api.log'), 'utf8'), /"db_unavailable":true/)
  const sent = content.seconds.reduce((sum, { rate }) => sum + rate, 0)
  // Arrivals go on until the load is told to stop; those after the last second are not in the journal.
  const share = async () => ((await seen()) - before) / sent
  await until('Prometheus has what the clients sent', async () => (await share()) >= 1)
  assert.ok((await share()) < 1.2, `${await share()} times as much as the journal has`)
  assert.deepEqual([content.verdict, content.mode], [verdict, 'stack'])
  assert.equal(
    newestRun<Played>('-weak-secret', 'journal.json').content.mode,
    'embedded',
    'it has a setting of its own',
  )
  assert.equal(await dataStatus(), 200)
  const left = 'ls /runs | grep -v ^session.db; ls -d /tmp/systems-* 2>/dev/null || true'
  assert.equal(stack.docker('compose', 'exec', '-T', 'lab', 'sh', '-c', left), '')
})

test('a comparison is played on APIs in the container of the lab, and copied', { skip }, async () => {
  const { code, out } = await stack.make('tradeoff', 'NAME=refuse-or-wait', 'LENGTH=3', 'RUNS=2')
  assert.match(out, /^Verdict: (PASS|FAIL|INVALID)$/m)
  type Comparison = { verdict: string; plays: { variant: string; journal: Played }[] }
  const { verdict, plays } = newestRun<Comparison>('-tradeoff-refuse-or-wait', 'journal.json').content
  assert.equal(code === 0, verdict === 'PASS')
  assert.deepEqual(
    plays.map(({ variant, journal }) => [variant, journal.mode]),
    ['refuse', 'wait', 'refuse', 'wait'].map((variant) => [variant, 'embedded']),
  )
})

test('an experiment that is interrupted without a terminal takes its fault back', { skip }, async () => {
  const running = stack.start('experiment', 'NAME=outage-chmod', 'LENGTH=24', 'LOAD=own')
  await until('the database is away', async () => (await dataStatus()) === 503)
  // make waits for its command; the signal is for that one, as in CI.
  const [script] = spawnSync('pgrep', ['-P', String(running.pid)], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n')
  process.kill(Number(script), 'SIGTERM')
  await running.ended
  assert.equal(await dataStatus(), 200)
  assert.equal(stack.docker('compose', 'exec', '-T', 'lab', 'sh', '-c', 'ls /data | grep fault || true'), '')
})

test('an API that is killed under writes is back by itself, and no acknowledged note is lost', { skip }, async () => {
  const acknowledged: string[] = []
  let writing = true
  const write = async () => {
    while (writing)
      await postNote().then(
        (id) => acknowledged.push(id),
        () => sleep(50),
      )
  }
  const writers = Array.from({ length: 8 }, write)
  try {
    await until('writes are acknowledged', async () => acknowledged.length > 100)
    const out = await succeeds('outage', 'MODE=crash')
    const [failed = 0, of = 0] = numbers(out, '/data/notes')
    assert.ok(failed > 0 && failed < of && (numbers(out, 'back')[0] ?? 0) > 0, out)
    const before = acknowledged.length
    await until('writes are acknowledged again', async () => acknowledged.length > before + 100)
  } finally {
    writing = false
    await Promise.all(writers)
  }
  assert.equal(inspect().find(({ Name }: { Name: string }) => Name.endsWith('-api-1')).RestartCount, 1)
  for (const id of acknowledged) assert.equal((await ask(`/data/notes/${id}`)).status, 200, id)
})

test('another secret signs after a restart that is measured, and the old one counts until it is retired', {
  skip,
}, async () => {
  const out = await succeeds('rotate')
  assert.ok((numbers(out, 'back')[0] ?? 0) > 0, out)
  const old = token
  assert.equal(await dataStatus(), 200, 'the older secret is still accepted')
  assert.equal((await stack.make('rotate')).code, 2, 'it must be retired first')
  token = await stack.login()
  rememberSecrets()
  await succeeds('rotate', 'RETIRE=1')
  assert.deepEqual([await dataStatus({ Authorization: `Bearer ${old}` }), await dataStatus()], [401, 200])
})

test('users who are changed in .env count after make up; a password that the API refuses stops it', {
  skip,
}, async () => {
  const file = join(stack.folder, '.env')
  const before = readFileSync(file, 'utf8')
  const oldPassword = passwords()[1]
  const eve = (password: string) => {
    writeFileSync(file, before.replace(/,eve:.*$/m, `,eve:${password}`))
    rememberSecrets()
  }
  assert.equal(await logIn('eve', oldPassword), 200)
  eve('with#comment-or-password')
  assert.equal((await stack.make('up')).code, 2)
  assert.equal(await logIn('eve', oldPassword), 200, 'the API still runs as it did')
  eve('shorter')
  assert.equal((await stack.make('up')).code, 2)
  eve('another-password-of-eve')
  await succeeds('up')
  assert.deepEqual([await logIn('eve', oldPassword), await logIn('eve', 'another-password-of-eve')], [401, 200])
})

test('no secret of this run stands in a log, a result, a metrics page or a series of Prometheus', {
  skip,
}, async () => {
  rememberSecrets()
  assert.ok(secrets.size >= 7)
  for (const secret of secrets) assert.ok(secret.length > 6, 'one that is found by chance proves nothing')
  const texts: [string, string][] = [['the logs', stack.docker('compose', 'logs', '--no-color')]]
  for (const name of globSync('runs/**', { cwd: stack.folder })) {
    const file = join(stack.folder, name)
    if (statSync(file).isFile()) texts.push([name, readFileSync(file, 'latin1')])
  }
  const pages = [
    'METRICS_PORT/metrics',
    'LAB_PORT/metrics',
    'LAB_PORT/status',
    'PROMETHEUS_PORT/api/v1/series?match[]={__name__=~".%2B"}',
  ]
  for (const page of pages) {
    const [port = '', ...path] = page.split(/(?=\/)/)
    texts.push([page, await (await fetch(stack.url(port) + path.join(''))).text()])
  }
  assert.ok(texts.some(([name, text]) => name.startsWith('PROMETHEUS') && text.includes('auth_logins_total')))
  assert.ok(texts.some(([name]) => name.endsWith('journal.json')))
  for (const [name, text] of texts) for (const secret of secrets) assert.ok(!text.includes(secret), name)
})

const page = (name: string) => readFileSync(join(stack.folder, 'docs', `${name}.md`), 'utf8')
function shell(commands: string): string {
  const env = { ...process.env, SERVICES: 'api lab prometheus' }
  const { status, stdout, stderr } = spawnSync('bash', ['-c', commands], { cwd: stack.folder, env, encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
  return stdout
}

test('what a user did is found in the log as docs/runbook.md says', { skip }, async () => {
  const [, idOf = '', idsOf = ''] = /(node -p '.*') "\$TOKEN"\n +(docker compose exec .*)/.exec(page('runbook')) ?? []
  const id = shell(`${idOf} '${token}'`).trim()
  assert.match(shell(idsOf), new RegExp(`id: '${id}', name: 'demo'`))
  await dataStatus()
  assert.match(await succeeds('logs', 'TAIL=2000'), new RegExp(`200 GET /data/notes.*${id}`))
})

test('a lab that is killed in an outage leaves a record, and make recover acts on it', { skip }, async () => {
  await succeeds('outage', 'MODE=move')
  stack.docker('compose', 'kill', 'lab')
  assert.equal(await dataStatus(), 503)
  await succeeds('recover')
  await until('data requests succeed', async () => (await dataStatus()) === 200)
})

test('a database that is lost is replaced by a backup as docs/sop.md says, whatever lies beside it', {
  skip,
}, async () => {
  const node = (script: string) => [
    'node',
    '-e',
    `const db = new (require('better-sqlite3'))('/data/notes.db'); ${script}`,
  ]
  const kept = await postNote()
  inApi(...node("db.backup('/data/backup.db')"))
  stack.docker('compose', 'cp', 'api:/data/backup.db', 'notes-backup.db')
  const late = await postNote()
  // Killed in a large write: it would be undone from the journal.
  stack.docker('compose', 'stop', 'api')
  const killed =
    "db.pragma('cache_size = 1'); db.exec('BEGIN; UPDATE notes SET body = hex(randomblob(500))'); process.kill(process.pid, 'SIGKILL')"
  assert.throws(() => stack.docker('compose', 'run', '--rm', '--no-deps', '-T', 'api', ...node(killed)))
  const [, steps = ''] = /((?: {4}docker compose .*\n)+ {4}make up\n)/.exec(page('sop')) ?? []
  shell(`set -e\n${steps}`) // its make up brings back the lab, which the test before has killed
  assert.match(inApi('ls', '/data/lost'), /notes\.db\nnotes\.db-journal/)
  await until('data requests succeed', async () => (await dataStatus()) === 200)
  assert.deepEqual([(await ask(`/data/notes/${kept}`)).status, (await ask(`/data/notes/${late}`)).status], [200, 404])
  const check = "new (require('better-sqlite3'))('/data/notes.db', {readonly: true}).pragma('integrity_check')"
  assert.equal(inApi('node', '-p', check), "[ { integrity_check: 'ok' } ]")
})

test('make down in an outage whose lab was killed leaves a healthy file and keeps the notes', { skip }, async () => {
  const id = await postNote()
  await succeeds('outage', 'MODE=chmod')
  stack.docker('compose', 'kill', 'lab')
  await succeeds('down')
  const label = `label=com.docker.compose.project=${stack.project}`
  assert.equal(stack.docker('ps', '--all', '--quiet', '--filter', label), '')
  const look = ['run', '--rm', '--volume', `${stack.project}_data:/data`, `${stack.project}-lab`]
  assert.equal(stack.docker(...look, 'stat', '--format', '%a', '/data/notes.db'), '600')
  assert.doesNotMatch(stack.docker(...look, 'ls', '/data'), /fault/)
  await succeeds('up')
  assert.equal((await ask(`/data/notes/${id}`)).status, 200)
})

test('traces, metrics, remote_write and k6 reach a back end of your own', { skip }, (t) => reachOwnBackEnd(t, stack))

test('make clean leaves no container, volume, network, image or secret', { skip }, async () => {
  const out = await succeeds('clean')
  assert.ok(out.includes(`${stack.project} on ${stack.docker('info', '--format', '{{.Name}}')} `), out)
  const label = `label=com.docker.compose.project=${stack.project}`
  for (const kind of ['container', 'volume', 'network']) {
    const all = kind === 'container' ? ['--all'] : []
    assert.equal(stack.docker(kind, 'ls', '--quiet', ...all, '--filter', label), '', kind)
  }
  assert.equal(stack.docker('image', 'ls', '--quiet', `${stack.project}-*`), '')
  assert.ok(!readdirSync(stack.folder).some((name) => ['.env', 'runs', 'data'].includes(name)))
})

test('the volume of another project with this name is neither used nor removed', { skip }, async () => {
  const volume = `${stack.project}_data`
  const label = `com.docker.compose.project=${stack.project}`
  stack.docker('volume', 'create', '--label', label, volume)
  try {
    assert.equal((await stack.make('up', ...stack.given)).code, 2)
    assert.equal(stack.setting('COMPOSE_PROJECT_NAME'), '')
    writeFileSync(join(stack.folder, '.env'), `COMPOSE_PROJECT_NAME=${stack.project}\n`)
    assert.equal((await stack.make('clean')).code, 2)
    assert.equal(stack.docker('volume', 'ls', '--quiet', '--filter', `label=${label}`), volume)
  } finally {
    stack.docker('volume', 'rm', volume)
  }
})
