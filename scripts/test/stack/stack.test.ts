// The real stack (without Grafana), used as its README says, by make alone. The tests build on one another: one stack,
// one story. Where there is no Docker they are skipped; with CI=true that is a failure.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkPanels, type Range } from '../../../grafana/test/panels.ts'
import { checkout, noStack } from './checkout.ts'

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
/** Every secret of this run, whenever it was one. */
const secrets = new Set<string>()
function rememberSecrets() {
  for (const secret of [stack.setting('JWT_SECRET'), ...passwords(), token]) secrets.add(secret)
}
/** What happened when, for the dashboards. */
const story: Record<string, Range> = {}

/** Names so many seconds from now as a part of the story. */
async function tell(part: string, seconds: number): Promise<void> {
  const from = Date.now() / 1000
  await sleep(seconds * 1000)
  story[part] = { from, to: Date.now() / 1000 }
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(stack.url('API_PORT') + path, {
    ...init,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
  })
}
const passwordsIn = (users: string) => users.split(',').map((user) => user.split(':')[1] ?? '')
const passwords = () => passwordsIn(stack.setting('LAB_USERS'))
const dataStatus = async () => (await ask('/data/notes?limit=1')).status

const firing = () => stack.prometheus('max(ALERTS{alertname="DatabaseUnavailable",alertstate="firing"})')

/** Guesses passwords and sends forged tokens while experiments flood the API and guess secrets; both last for seconds. */
async function attack(): Promise<void> {
  const body = JSON.stringify({ username: 'mallory', password: 'guessed it' })
  const from = Date.now() / 1000
  let on = true
  const login = { method: 'POST', body, headers: { 'Content-Type': 'application/json' } }
  const forged = { headers: { Authorization: `Bearer ${token.slice(0, -4)}AAAA` } }
  async function guess() {
    while (on) {
      await fetch(`${stack.url('API_PORT')}/auth/login`, login)
      await fetch(`${stack.url('API_PORT')}/data/notes`, forged)
      await sleep(100)
    }
  }
  await Promise.all([guess(), playAttacks().finally(() => (on = false))])
  story.attack = { from, to: Date.now() / 1000 }
}

/** Too short to be judged; what they did stands in Prometheus all the same. */
async function playAttacks(): Promise<void> {
  for (const [name, length, counted] of [
    ['flood', 12, 'lab_attack_attempts_total{attack="flood"}'],
    ['weak-secret', 6, 'lab_attack_guesses_total'],
  ] as const) {
    const { out } = await stack.make('experiment', `NAME=${name}`, `LENGTH=${length}`, 'LOAD=own')
    assert.match(out, /^(PASS|FAIL|INVALID)/m, out)
    assert.ok(((await stack.prometheus(`sum(${counted})`)) ?? 0) > 0, out)
  }
}

async function until(what: string, isSo: () => Promise<boolean>, seconds = 30): Promise<void> {
  for (let waited = 0; waited < seconds * 5; waited++) {
    if (await isSo().catch(() => false)) return
    await sleep(200)
  }
  assert.fail(`not within ${seconds} s: ${what}`)
}

async function succeeds(...words: string[]): Promise<string> {
  const { code, out } = await stack.make(...words)
  assert.equal(code, 0, `make ${words.join(' ')}:\n${out}`)
  return out
}

test('docker compose refuses to start without secrets and says what to do', { skip }, () => {
  assert.throws(() => stack.docker('compose', 'up', '--no-start'), /run make up/)
})

test('make up makes secrets, starts everything, and says where it is and what to try', { skip }, async () => {
  const out = await succeeds('up')
  assert.match(out, /password [0-9a-f]{18}/)
  assert.match(out, new RegExp(`localhost:${stack.ports.API_PORT}`))
  assert.match(out, /make outage/)
  assert.equal(statSync(join(stack.folder, '.env')).mode & 0o777, 0o600)
  assert.equal(await stack.prometheus('min(up{job=~"api|lab"})'), 1)
  token = await stack.login()
  rememberSecrets()
  assert.equal(await dataStatus(), 200)
  await tell('idle', 8)
})

test('make up a second time changes nothing and keeps the password to itself', { skip }, async () => {
  const before = [stack.docker('compose', 'ps', '--quiet'), readFileSync(join(stack.folder, '.env'), 'utf8')]
  const out = await succeeds('up')
  assert.deepEqual([stack.docker('compose', 'ps', '--quiet'), readFileSync(join(stack.folder, '.env'), 'utf8')], before)
  for (const password of passwords()) assert.ok(!out.includes(password), out)
})

test('the whole compose file, Grafana in it, is valid, pinned and within 1.5 GB', { skip }, () => {
  const { services } = JSON.parse(stack.docker('compose', '--profile', 'load', 'config', '--format', 'json'))
  assert.deepEqual(Object.keys(services).sort(), ['api', 'grafana', 'k6', 'lab', 'prometheus'])
  const limits = Object.values<{ mem_limit: string }>(services).map(({ mem_limit }) => Number(mem_limit))
  assert.ok(limits.every((limit) => limit > 0) && limits.reduce((sum, limit) => sum + limit) <= 1.5e9)
  for (const { image, ports } of Object.values<{ image?: string; ports?: { host_ip: string }[] }>(services)) {
    if (image) assert.match(image, /:v?\d+\.\d+\.\d+$/)
    for (const port of ports ?? []) assert.equal(port.host_ip, '127.0.0.1')
  }
})

test('running containers have no more rights than they need', { skip }, () => {
  const ids = stack.docker('compose', 'ps', '--quiet').split('\n')
  assert.equal(ids.length, 3)
  for (const { Config, HostConfig, Mounts, Name, NetworkSettings } of JSON.parse(stack.docker('inspect', ...ids))) {
    assert.match(Config.User, /^[1-9]/, Name)
    assert.ok(HostConfig.ReadonlyRootfs && !HostConfig.Privileged, Name)
    assert.deepEqual([HostConfig.CapDrop, HostConfig.CapAdd], [['ALL'], null], Name)
    assert.deepEqual(HostConfig.SecurityOpt, ['no-new-privileges:true'], Name)
    assert.ok(HostConfig.Memory > 0 && HostConfig.NanoCpus > 0 && HostConfig.PidsLimit > 0 && HostConfig.Init, Name)
    assert.equal(HostConfig.RestartPolicy.Name, 'unless-stopped', Name)
    assert.equal(HostConfig.LogConfig.Config['max-size'], '10m', Name)
    assert.notEqual(HostConfig.NetworkMode, 'host', Name)
    assert.deepEqual([HostConfig.PidMode, HostConfig.Devices ?? []], ['', []], Name)
    for (const { HostIp } of Object.values<{ HostIp: string }[] | null>(NetworkSettings.Ports)
      .flat()
      .filter((port) => port !== null)) {
      assert.equal(HostIp, '127.0.0.1', Name)
    }
    assert.ok(!Mounts.some(({ Source }: { Source: string }) => Source.includes('docker.sock')), Name)
  }
})

test('the secret that signs is in no environment, and passwords only in that of the lab, which logs in', {
  skip,
}, () => {
  const ids = stack.docker('compose', 'ps', '--quiet').split('\n')
  for (const { Config, Name } of JSON.parse(stack.docker('inspect', ...ids))) {
    const all = JSON.stringify(Config)
    assert.ok(!all.includes(stack.setting('JWT_SECRET')), Name)
    for (const password of passwords()) assert.equal(all.includes(password), Name.endsWith('-lab-1'), Name)
  }
})

test('images hold neither npm nor a compiler, no development packages and no secret', { skip }, () => {
  for (const service of ['api', 'lab']) {
    const find =
      'for c in npm npx corepack yarn gcc cc make python3; do command -v $c; done; ls node_modules node_modules/.bin; ls -a'
    const there = stack.docker('compose', 'exec', '-T', service, 'sh', '-c', find).split('\n')
    for (const line of there) {
      assert.doesNotMatch(
        line,
        /(^|\/)(npm|npx|corepack|yarn|gcc|cc|make|python3|typescript|tsc|biome|autocannon|\.env)$/,
        service,
      )
    }
    const history = stack.docker('history', '--no-trunc', `${stack.project}-${service}`)
    for (const secret of [stack.setting('JWT_SECRET'), ...passwords()]) assert.ok(!history.includes(secret))
  }
})

test('Prometheus is shown for reading only, and to this machine only', { skip }, async () => {
  const url = stack.url('PROMETHEUS_PORT')
  assert.equal((await fetch(`${url}/api/v1/write`, { method: 'POST', body: new Uint8Array([0]) })).status, 403)
  assert.equal((await fetch(`${url}/-/reload`, { method: 'POST' })).status, 403)
  assert.equal((await fetch(`${url}/api/v1/query?query=up`)).status, 200)
  const elsewhere = { headers: { Origin: 'http://elsewhere.example' } }
  assert.equal((await fetch(`${url}/api/v1/query?query=up`, elsewhere)).status, 403)
  assert.equal((await fetch(`${stack.url('LAB_PORT')}/`, elsewhere)).status, 403)
})

test('promtool finds the configuration of Prometheus in order', { skip }, () => {
  const out = stack.docker(
    'compose',
    'exec',
    '-T',
    'prometheus',
    'promtool',
    'check',
    'config',
    '/etc/prometheus/prometheus.yml',
  )
  assert.match(out, /SUCCESS/)
})

test('wrong values list the right ones', { skip }, async () => {
  const wrong: [string[], RegExp][] = [
    [['outage', 'MODE=fire'], /chmod, lock, move/],
    [['outage', 'FOR=long'], /30s, 10m or 1h/],
    [['load', 'SCRIPT=fast'], /baseline peak ramp smoke soak spike/],
    [['up', 'SERVICES=web'], /api, lab, prometheus, grafana/],
    [['logs', 'ONLY=me'], /outage, api, lab, prometheus, grafana/],
    [['load', 'SCRIPT=smoke', 'K6=no-such-k6'], /no-such-k6 is not a program/],
  ]
  for (const [words, expected] of wrong) {
    const { code, out } = await stack.make(...words)
    assert.notEqual(code, 0, words.join(' '))
    assert.match(out, expected)
  }
})

test('a load run judges itself, and what it leaves belongs to whoever ran it', { skip }, async (t) => {
  let run = ''
  let summary = { verdict: '', failed: -1, requests: 0 }
  // A busy machine misses a goal by itself; three tries are enough to see that the goal can be met.
  for (let tries = 0; tries < 3 && summary.verdict !== 'PASS'; tries++) {
    const { code, out } = await stack.make('load', 'SCRIPT=baseline', 'DURATION=10s')
    run = /Report: runs\/(.*-k6-baseline)\/report.html/.exec(out)?.[1] ?? assert.fail(out)
    summary = JSON.parse(readFileSync(join(stack.folder, 'runs', run, 'summary.json'), 'utf8'))
    assert.equal(code === 0, summary.verdict === 'PASS', out)
  }
  t.diagnostic(`the short baseline: ${summary.verdict}`)
  assert.equal(summary.failed, 0)
  for (const name of ['.', 'report.html', 'summary.json']) {
    assert.equal(statSync(join(stack.folder, 'runs', run, name)).uid, process.getuid?.(), name)
  }
  const sent = await stack.prometheus(`sum(max_over_time(k6_http_reqs_total{testid="${run}"}[1m]))`)
  assert.ok(sent && sent > 0.9 * summary.requests, `Prometheus heard of ${sent} of ${summary.requests} requests`)
  assert.equal(stack.docker('compose', 'exec', '-T', 'lab', 'ls', '/runs'), '')
})

test('chmod, lock and move under load: everybody gets 503, /health tells, Prometheus sees it, and it ends', {
  skip,
}, async (t) => {
  const usual = async () => (await stack.prometheus('count(api:signal:mean5m)')) !== undefined
  await until('Prometheus knows what is usual', usual, 120)
  const load = stack.start('load', 'SCRIPT=soak', 'DURATION=90s')
  await until('the load is on', async () => ((await stack.prometheus('k6_http_reqs_total{scenario="soak"}')) ?? 0) > 0)
  assert.match(await succeeds('status'), /experiment +k6, soak.*load +.*soak/s)
  await sleep(3_000)
  await tell('before', 10)
  for (const mode of ['chmod', 'lock', 'move']) {
    const began = Date.now()
    const out = await succeeds('outage', `MODE=${mode}`, 'FOR=5m')
    assert.match(out, /first 503 after +\d+ ms\n.*\/health degraded after +\d+ ms/)
    assert.equal(await dataStatus(), 503)
    const health = await ask('/health')
    assert.deepEqual([health.status, ((await health.json()) as { degraded: boolean }).degraded], [200, true])
    assert.match(await succeeds('outage', `MODE=${mode}`), /on already/)
    const other = await stack.make('outage', `MODE=${mode === 'lock' ? 'move' : 'lock'}`)
    assert.match(other.out, /one at a time: make recover/)
    assert.notEqual(other.code, 0)
    await until('the alarm rings', async () => (await firing()) === 1)
    t.diagnostic(`${mode}: the alarm rang ${((Date.now() - began) / 1000).toFixed(1)} s after make outage was typed`)
    if (mode === 'chmod') await tell('during', 6)
    assert.match(await succeeds('status'), new RegExp(`fault +${mode}`))
    assert.match(await succeeds('recover'), /Undone: .*\n +first success after +\d+ ms/)
    assert.equal(await dataStatus(), 200)
    await until('the alarm is silent', async () => (await firing()) === undefined)
    if (mode === 'chmod') await tell('after', 6)
    const range = `${Math.ceil((Date.now() - began) / 1000) + 2}s`
    const seen = (series: string) => stack.prometheus(series.replace('RANGE', range))
    assert.equal(await seen(`max_over_time(lab_fault_active{kind="${mode}"}[RANGE])`), 1)
    assert.equal(await seen('min_over_time(db_available[RANGE])'), 0)
    assert.equal(await seen('db_available'), 1)
    assert.equal(await seen('max_over_time(lab_probe_status{target="data"}[RANGE])'), 503)
    assert.ok(
      ((await seen(`increase(http_server_request_duration_seconds_count{http_response_status_code="503"}[RANGE])`)) ??
        0) > 0,
    )
  }
  assert.match(await succeeds('recover'), /Nothing to undo/)
  await attack()
  assert.match(await succeeds('logs', 'ONLY=outage', 'TAIL=20000'), / 503 .*db_unavailable=true/)
  const { code, out } = await load.ended
  assert.notEqual(code, 0, 'the load met outages, so its goals were missed')
  assert.match(out, /NO/)
})

test('every query of every dashboard is answered, and every panel moves when its subject does', { skip }, async (t) => {
  const { queries, failures } = await checkPanels(stack.url('PROMETHEUS_PORT'), story)
  t.diagnostic(`${queries} queries were executed`)
  assert.deepEqual(failures, [])
})

test('another secret signs while requests go on, and not one of them fails', { skip }, async () => {
  const statuses = new Map<number, number>()
  let asking = true
  const clients = Array.from({ length: 8 }, async () => {
    while (asking) {
      const status = await dataStatus().catch(() => 0)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  })
  try {
    await succeeds('rotate')
    const old = token
    assert.equal(await dataStatus(), 200, 'the older secret is still accepted')
    token = await stack.login()
    rememberSecrets()
    assert.equal(await dataStatus(), 200)
    assert.match((await stack.make('rotate')).out, /retire it first/)
    await succeeds('rotate', 'RETIRE=1')
    const refused = await fetch(`${stack.url('API_PORT')}/data/notes`, { headers: { Authorization: `Bearer ${old}` } })
    assert.equal(refused.status, 401, 'a token of the retired secret')
  } finally {
    asking = false
    await Promise.all(clients)
  }
  assert.deepEqual([...statuses.keys()], [200])
  assert.ok((statuses.get(200) ?? 0) > 100)
})

const logIn = async (username: string, password = '') => {
  const answer = await ask('/auth/login', { method: 'POST', body: JSON.stringify({ username, password }) })
  return { status: answer.status, token: ((await answer.json()) as { token?: string }).token }
}
const eve = () => passwords()[1]
const page = (name: string) => readFileSync(join(stack.folder, 'docs', `${name}.md`), 'utf8')
function shell(commands: string): string {
  const env = { ...process.env, SERVICES: 'api lab prometheus' }
  const { status, stdout, stderr } = spawnSync('bash', ['-c', commands], { cwd: stack.folder, env, encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
  return stdout
}
const inApi = (command: string) => stack.docker('compose', 'exec', '-T', 'api', 'sh', '-c', command)

test('users who are changed in .env count after make up, without a restart, and nobody else notices', {
  skip,
}, async () => {
  const file = join(stack.folder, '.env')
  const before = readFileSync(file, 'utf8')
  const edit = (password?: string) => {
    writeFileSync(
      file,
      before.replace(/^(LAB_USERS=[^,]*),eve:.*$/m, (_, demo) => demo + (password ? `,eve:${password}` : '')),
    )
    rememberSecrets()
  }
  const refused = async (expected: RegExp, ...words: string[]) => {
    const env = readFileSync(file, 'utf8')
    const { code, out } = await stack.make(...words)
    assert.notEqual(code, 0)
    assert.match(out, expected)
    assert.equal(readFileSync(file, 'utf8'), env)
    assert.equal(await served(), 200)
  }
  const apiStarted = () => stack.docker('inspect', '--format', '{{.State.StartedAt}}', `${stack.project}-api-1`)
  const [oldPassword, started] = [eve(), apiStarted()]
  const { token: stolen } = await logIn('eve', oldPassword)
  const served = async () =>
    (await fetch(`${stack.url('API_PORT')}/data/notes`, { headers: { Authorization: `Bearer ${stolen}` } })).status
  const statuses = new Set<number>()
  let asking = true
  const client = (async () => {
    while (asking) statuses.add(await dataStatus().catch(() => 0))
  })()
  try {
    edit('Sh0rt-!')
    for (const command of ['up', 'rotate']) {
      await refused(/LAB_USERS needs a password of 8 to 1024 characters for eve/, command)
    }
    edit('read-as-$another-by-compose')
    await refused(/LAB_USERS must do without \$ /, 'rotate')
    writeFileSync(file, `${before}\nJWT_SECRET_PREVIOUS=sh0rt-too\n`)
    secrets.add('sh0rt-too')
    await refused(/JWT_SECRET_PREVIOUS must be random/, 'up', 'SERVICES=api')
    edit()
    await succeeds('up')
    assert.deepEqual([await served(), (await logIn('eve', oldPassword)).status], [401, 401])
    const another = 'another-password-of-eve'
    edit(another)
    await succeeds('up')
    await until('eve is back', async () => (await logIn('eve', another)).status === 200)
    assert.deepEqual([await served(), (await logIn('eve', oldPassword)).status], [401, 401])
  } finally {
    asking = false
    await client
  }
  assert.deepEqual([[...statuses], apiStarted()], [[200], started])
})

test('an experiment changes users for a while; they are put back, by make recover where it was killed', {
  skip,
}, async () => {
  const { out } = await stack.make('experiment', 'NAME=stolen-token', 'LOAD=own', 'LENGTH=30')
  for (const phase of ['password', 'removal']) {
    assert.match(out, new RegExp(`\n${phase}\n(?:  .*\n)*  served on after the owner had acted <= 2 .* yes\n`))
  }
  assert.match(out, /times the owner got in = 1 .* yes\n/)
  await until('eve is back', async () => (await logIn('eve', eve())).status === 200)

  const killed = stack.start('experiment', 'NAME=stolen-token', 'LOAD=own', 'LENGTH=30')
  await until('the users are others', async () => inApi('test -e /secrets/users.usual') === '', 90)
  spawnSync('pkill', ['-9', '-P', String(killed.pid)])
  stack.docker('compose', 'kill', 'lab')
  for (const password of passwordsIn(inApi('cat /secrets/users'))) secrets.add(password)
  assert.equal((await logIn('eve', eve())).status, 401)
  assert.match(await succeeds('status'), /users +an experiment has changed them/)
  assert.match(await succeeds('recover'), /The users of the API are the usual ones again/)
  assert.doesNotMatch(await succeeds('status'), /users +an experiment/)
  await until('eve is back', async () => (await logIn('eve', eve())).status === 200)
})

test('a lab that is killed in an outage leaves a record, and make recover repairs', { skip }, async () => {
  await succeeds('outage', 'MODE=move')
  stack.docker('compose', 'kill', 'lab')
  assert.equal(await dataStatus(), 503)
  const out = await succeeds('recover')
  assert.match(out, /A move fault .* was left by a process that is gone/)
  await until('data requests succeed', async () => (await dataStatus()) === 200)
})

test('an API that crashes under writes starts by itself, and no acknowledged note is lost', { skip }, async () => {
  const acknowledged: string[] = []
  let writing = true
  const writers = Array.from({ length: 8 }, async () => {
    while (writing) {
      const answer = await ask('/data/notes', { method: 'POST', body: '{"title":"t","body":"b"}' }).catch(
        () => undefined,
      )
      const note = answer?.status === 201 ? await answer.json().catch(() => undefined) : undefined
      if (note) acknowledged.push((note as { id: string }).id)
      else await sleep(50)
    }
  })
  try {
    await until('writes are acknowledged', async () => acknowledged.length > 200)
    const before = acknowledged.length
    // From inside: Docker takes `docker kill` for the wish that the container stay down.
    const kill = 'for p in /proc/[0-9]*; do case $(cat $p/comm) in node*) kill -9 $(basename $p) ;; esac; done'
    try {
      stack.docker('compose', 'exec', '-T', 'api', 'bash', '-c', kill)
    } catch {
      // The container ended under the command: that is what was wanted.
    }
    const restarts = () =>
      stack.docker('inspect', '--format', '{{.RestartCount}}', stack.docker('compose', 'ps', '--all', '--quiet', 'api'))
    await until('it was started again', async () => restarts() === '1')
    await until('writes are acknowledged again', async () => acknowledged.length > before + 200)
  } finally {
    writing = false
    await Promise.all(writers)
  }
  for (const id of acknowledged) assert.equal((await ask(`/data/notes/${id}`)).status, 200, id)
})

test('no secret of this run stands in a log, a result, a metrics page or a series of Prometheus', {
  skip,
}, async () => {
  rememberSecrets()
  assert.ok(secrets.size >= 9)
  for (const secret of secrets) assert.ok(secret.length > 6, 'one that is found by chance proves nothing')
  const texts: [string, string][] = [['the logs', stack.docker('compose', 'logs', '--no-color')]]
  for (const name of globSync('runs/**', { cwd: stack.folder })) {
    const file = join(stack.folder, name)
    if (statSync(file).isFile()) texts.push([name, readFileSync(file, 'latin1')])
  }
  for (const page of [
    'METRICS_PORT/metrics',
    'LAB_PORT/metrics',
    'LAB_PORT/',
    'PROMETHEUS_PORT/api/v1/series?match[]={__name__=~".%2B"}',
  ]) {
    const [port = '', ...path] = page.split(/(?=\/)/)
    texts.push([page, await (await fetch(stack.url(port) + path.join(''))).text()])
  }
  texts.push([
    'what the lab keeps',
    stack.docker('compose', 'exec', '-T', 'lab', 'sh', '-c', 'find /runs /tmp -type f -exec cat {} +'),
  ])
  assert.ok(texts.length > 7)
  assert.ok(texts.some(([name, text]) => name.startsWith('PROMETHEUS') && text.includes('auth_logins_total')))
  assert.ok(texts.some(([name]) => name.endsWith('journal.json')))
  for (const [name, text] of texts) for (const secret of secrets) assert.ok(!text.includes(secret), name)
})

test('what a user did is found in the log as docs/runbook.md says', { skip }, async () => {
  const [, idOf = '', idsOf = ''] = /(node -p '.*') "\$TOKEN"\n +(docker compose exec .*)/.exec(page('runbook')) ?? []
  const id = shell(`${idOf} '${token}'`).trim()
  assert.match(shell(idsOf), new RegExp(`id: '${id}', name: 'demo'`))
  assert.match(await succeeds('logs', 'TAIL=2000'), new RegExp(` 200  GET /data/notes.*user_id=${id}`))
})

test('a database that is lost is replaced by a backup as docs/sop.md says, whatever lies beside it', {
  skip,
}, async () => {
  const make = async () => {
    const answer = await ask('/data/notes', { method: 'POST', body: '{"title":"t","body":"b"}' })
    return ((await answer.json()) as { id: string }).id
  }
  const node = (script: string) => [
    'node',
    '-e',
    `const db = new (require('better-sqlite3'))('/data/notes.db'); ${script}`,
  ]
  const kept = await make()
  stack.docker('compose', 'exec', '-T', 'api', ...node("db.backup('/data/backup.db')"))
  stack.docker('compose', 'cp', 'api:/data/backup.db', 'notes-backup.db')
  const late = await make()
  // Killed in a large write: it would be undone from the journal.
  stack.docker('compose', 'stop', 'api')
  const killed =
    "db.pragma('cache_size = 1'); db.exec('BEGIN; UPDATE notes SET body = hex(randomblob(500))'); process.kill(process.pid, 'SIGKILL')"
  assert.throws(() => stack.docker('compose', 'run', '--rm', '--no-deps', '-T', 'api', ...node(killed)))
  const [, steps = ''] = /((?: {4}docker compose .*\n)+ {4}make up\n)/.exec(page('sop')) ?? []
  shell(`set -e\n${steps}`)
  assert.match(inApi('ls /data/lost'), /notes\.db\nnotes\.db-journal/)
  assert.deepEqual([(await ask(`/data/notes/${kept}`)).status, (await ask(`/data/notes/${late}`)).status], [200, 404])
  assert.equal(
    inApi(`node -p "new (require('better-sqlite3'))('/data/notes.db', {readonly: true}).pragma('integrity_check')"`),
    "[ { integrity_check: 'ok' } ]",
  )
})

test('make down in an outage whose lab was killed leaves a healthy file and keeps the notes', { skip }, async () => {
  const note = (await (await ask('/data/notes', { method: 'POST', body: '{"title":"kept","body":""}' })).json()) as {
    id: string
  }
  await succeeds('outage', 'MODE=chmod')
  stack.docker('compose', 'kill', 'lab')
  await succeeds('down')
  assert.equal(
    stack.docker('ps', '--all', '--quiet', '--filter', `label=com.docker.compose.project=${stack.project}`),
    '',
  )
  const look = ['run', '--rm', '--volume', `${stack.project}_data:/data`, `${stack.project}-lab`]
  assert.equal(stack.docker(...look, 'stat', '--format', '%a', '/data/notes.db'), '600')
  assert.doesNotMatch(stack.docker(...look, 'ls', '/data'), /fault/)
  assert.match(await succeeds('up'), /make outage/)
  assert.equal((await ask(`/data/notes/${note.id}`)).status, 200)
})

test('make clean leaves no container, volume, network, image or secret', { skip }, async () => {
  await succeeds('clean')
  const label = `label=com.docker.compose.project=${stack.project}`
  for (const kind of ['container', 'volume', 'network']) {
    const all = kind === 'container' ? ['--all'] : []
    assert.equal(stack.docker(kind, 'ls', '--quiet', ...all, '--filter', label), '', kind)
  }
  assert.equal(stack.docker('image', 'ls', '--quiet', `${stack.project}-*`), '')
  assert.ok(!readdirSync(stack.folder).some((name) => ['.env', 'runs', 'data'].includes(name)))
})
