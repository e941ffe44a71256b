import assert from 'node:assert/strict'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { askLab } from '../src/api-client.ts'
import { sleep } from '../src/clock.ts'
import { recordPath } from '../src/faults/record.ts'
import { parseMetrics } from '../src/runner/metrics-page.ts'
import type { SecondRow } from '../src/runs/journal.ts'
import { readSessionDb } from '../src/runs/session-db.ts'
import { api, lab, mode, type Scope, says, scratchFolder, stackEnv, until } from './helpers.ts'
import { experiment } from './run-experiment.ts'

const service = await api({ after })

/** A lab that serves, and how to ask it as `make outage` does. */
async function serving(t: Scope, socket = join(scratchFolder(t), 'lab.sock'), of = service) {
  const env = { ...stackEnv(of, socket), LAB_TOKEN: 'token' }
  // As in the container, where no folder of runs can be made.
  const files = ['--record', `${socket}.db`, '--folder', '/proc/runs']
  const run = lab(t, ['serve', '--port', '0', '--prometheus-port', '0', ...files], { env })
  await says(run, 'listens on')
  const port = /listens on (\d+)/.exec(run.out())?.[1]
  async function ask(...words: string[]) {
    const asked = lab(t, words, { env })
    return { code: await asked.ended, out: asked.out() }
  }
  async function metrics(name: string, labels: Record<string, string>): Promise<number | undefined> {
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const fits = (found: Record<string, string>) => Object.entries(labels).every(([key, value]) => found[key] === value)
    return parseMetrics(page).find((sample) => sample.name === name && fits(sample.labels))?.value
  }
  return { run, url: `http://127.0.0.1:${port}`, socket, ask, metrics }
}

/** Opens the live page; what it asks for, and how it is answered. */
async function openPage(t: Scope, url: string) {
  const closed = new AbortController()
  t.after(() => closed.abort())
  const { body } = await fetch(`${url}/events`, { signal: closed.signal })
  const first = await body?.pipeThrough(new TextDecoderStream()).getReader().read()
  const page = Number(/"page":(\d+)/.exec(first?.value ?? '')?.[1])
  async function act(what: object, token = 'token') {
    const headers = { origin: url, 'content-type': 'application/json', 'x-lab-token': token }
    const answer = await fetch(`${url}/act`, { method: 'POST', headers, body: JSON.stringify({ page, ...what }) })
    return { status: answer.status, said: await answer.text() }
  }
  return act
}

/** For the tests after which it serves on as before. */
const shared = await serving({ after })

test('the serving lab holds a fault, shows it on its metrics page, and rolls it back on recover', async () => {
  const { ask, metrics } = shared
  await until('the probe is logged in', async () => (await metrics('lab_probe_status', { target: 'data' })) === 200)
  const before = mode(service.database)
  const began = await ask('outage', '--mode', 'chmod', '--for', '5m')
  assert.equal(began.code, 0, began.out)
  assert.match(began.out, /503\D+[\d.,]+ ms\n.*degraded\D+[\d.,]+ ms\n.*\/data\/notes\D+503/)
  // The first line has the path of this test's database.
  for (const line of began.out.split('\n').slice(1)) assert.ok(line.length <= 80, line)
  assert.equal(await service.probe(), 503)
  assert.equal(await metrics('lab_fault_active', { kind: 'chmod' }), 1)
  assert.equal(await metrics('lab_fault_active', { kind: 'lock' }), 0)
  await until('the probe feels it', async () => (await metrics('lab_probe_status', { target: 'data' })) === 503)
  assert.equal(await metrics('lab_probe_degraded', {}), 1)

  assert.equal((await ask('outage', '--mode', 'chmod')).code, 0, 'the same fault again changes nothing')
  assert.equal((await ask('outage', '--mode', 'lock')).code, 2, 'one at a time')
  assert.equal(await metrics('lab_fault_active', { kind: 'chmod' }), 1)
  assert.match((await ask('status')).out, /fault +chmod/)

  const ended = await ask('recover')
  assert.match(ended.out, /success\D+[\d.,]+ ms/)
  assert.equal(mode(service.database), before)
  assert.equal(await metrics('lab_fault_active', { kind: 'chmod' }), 0)
  assert.ok(((await metrics('lab_fault_recovered_seconds', { kind: 'chmod' })) ?? 0) > 0)
  assert.deepEqual([(await ask('recover')).code, mode(service.database)], [0, before], 'nothing is left to undo')
})

test('an overload or an attack on purpose is on the metrics page as long as its phase', async () => {
  const { ask, metrics } = shared
  const active = () => Promise.all(['overload', 'attack'].map((kind) => metrics('lab_trouble_active', { kind })))
  assert.equal((await ask('phase', 'flood', 'flood', '5m', 'attack')).code, 0)
  assert.deepEqual(await active(), [0, 1])
  assert.equal((await ask('phase', 'flood', 'after', '5m')).code, 0)
  assert.deepEqual(await active(), [0, 0])
  assert.equal((await ask('phase', 'flood', 'after', '5m', 'boredom')).code, 2)
})

test('a load of the page is counted on the metrics page, and beyond the goals it is an overload', async (t) => {
  const { url, socket, ask, metrics } = await serving(t)
  const act = await openPage(t, url)
  async function set(rate: number) {
    const load = { rate, arrivals: 'even', writes: 0.15, clients: 'patient' }
    assert.equal((await act({ do: 'load', load })).status, 200)
  }
  const phase = (experiment: string) => metrics('lab_phase', { experiment })
  const overload = () => metrics('lab_trouble_active', { kind: 'overload' })
  await set(500)
  assert.deepEqual([await phase('page'), await overload()], [1, 0])
  await until('its answers are counted', async () => await metrics('lab_client_requests_total', { outcome: 'success' }))
  assert.ok(await metrics('lab_client_calls_total', { what: 'offered' }))
  assert.match((await ask('status')).out, /experiment +none\nload +page/)
  await set(501)
  assert.equal(await overload(), 1)
  await until('the record has it', () =>
    readSessionDb(`${socket}.db`, 0, Date.now()).some(({ data }) => (data as SecondRow).trouble === 'overload'),
  )
  await ask('phase', 'k6', 'peak', '5m')
  assert.deepEqual([await phase('k6'), await phase('page'), await overload()], [1, undefined, 0], 'k6 goes before')
  await ask('phase', 'none', 'idle', '1s')
  assert.equal(await overload(), 1)
  await set(0)
  assert.deepEqual([await phase('none'), await overload()], [1, 0])
})

test('what begins beside an experiment or a load warns of it', async () => {
  const { ask } = shared
  const warned = async (...words: string[]) => /WARNING.*/.exec((await ask(...words)).out)?.[0] ?? ''
  assert.equal((await ask('phase', 'none', 'idle', '1s')).code, 0)
  assert.equal(await warned('phase', 'k6', 'peak', '5m'), '')
  assert.match((await ask('status')).out, /experiment +none\nload +k6, peak/)
  // SQLite has no rights to revoke: this one is refused, after the warning.
  assert.equal(await warned('outage', '--mode', 'revoke'), '', 'a load is there to be broken')
  assert.match(await warned('phase', 'k6', 'spike', '5m'), /peak/)
  assert.equal((await ask('phase', 'flood', 'after', '5m')).code, 0)
  assert.match((await ask('status')).out, /experiment +flood, phase after\nload +\w/)
  assert.match(await warned('outage', '--mode', 'revoke'), /flood/)
  assert.equal(await warned('phase', 'none', 'idle', '1s'), '')
})

test('a fault ends by itself when its time is over', async () => {
  const { ask, metrics } = shared
  assert.equal((await ask('outage', '--mode', 'move', '--for', '1s')).code, 0)
  await until('data requests succeed', async () => (await service.probe()) === 200)
  assert.equal(await metrics('lab_fault_active', { kind: 'move' }), 0)
})

test('on SIGTERM the lab rolls its fault back first', async (t) => {
  const { run, ask } = await serving(t)
  await ask('outage', '--mode', 'lock')
  run.child.kill('SIGTERM')
  assert.equal(await run.ended, 0, run.out())
  assert.ok(!existsSync(recordPath(service.database)))
  await until('data requests succeed', async () => (await service.probe()) === 200)
})

test('on SIGTERM while a fault is landing the lab leaves none behind', async (t) => {
  const { run, ask } = await serving(t)
  const began = ask('outage', '--mode', 'chmod')
  await until('the fault is on record', () => existsSync(recordPath(service.database)))
  run.child.kill('SIGTERM')
  assert.equal(await run.ended, 0, run.out())
  await began
  assert.ok(!existsSync(recordPath(service.database)))
  await until('data requests succeed', async () => (await service.probe()) === 200)
})

test('a recovery that failed succeeds at the next try', async () => {
  const { ask } = shared
  await ask('outage', '--mode', 'move')
  writeFileSync(service.database, 'another file')
  const refused = await ask('recover')
  assert.equal(refused.code, 2)
  rmSync(service.database)
  assert.equal((await ask('recover')).code, 0)
  await until('data requests succeed', async () => (await service.probe()) === 200)
})

test('a fault is rolled back although no login is possible any more', async (t) => {
  const short = await api(t, { JWT_TTL: '2' })
  const { ask } = await serving(t, undefined, short)
  assert.equal((await ask('outage', '--mode', 'chmod', '--for', '5m')).code, 0)
  await sleep(2_100) // the lab's token has expired
  assert.equal((await ask('recover')).code, 0)
  assert.ok(!existsSync(recordPath(short.database)))
  assert.equal((await ask('outage', '--mode', 'move', '--for', '1s')).code, 0)
})

test('a lab whose token was revoked by a logout logs in again', async (t) => {
  const own = await api(t)
  const { ask, metrics } = await serving(t, undefined, own)
  await until('the probe is logged in', async () => (await metrics('lab_probe_status', { target: 'data' })) === 200)
  const headers = { Authorization: `Bearer ${own.token}` }
  assert.equal((await fetch(`${own.url}/auth/logout`, { method: 'POST', headers })).status, 204)
  const began = await ask('outage', '--mode', 'move', '--for', '1s')
  assert.equal(began.code, 0, began.out)
})

test('a lab rolls back at its start what a killed one has left', async (t) => {
  const first = await serving(t)
  await first.ask('outage', '--mode', 'chmod')
  first.run.child.kill('SIGKILL')
  await first.run.ended
  assert.equal(await service.probe(), 503)
  const second = await serving(t, first.socket)
  assert.ok(!existsSync(recordPath(service.database)), second.run.out())
  await until('data requests succeed', async () => (await service.probe()) === 200)
})

test('a recovery that comes while a fault is landing waits for it and rolls it back', async () => {
  const { socket } = shared
  const began = askLab<{ begun?: object }>(socket, 'POST', '/outage', { mode: 'move', for: '5m' })
  await until('the fault is on record', () => existsSync(recordPath(service.database)))
  const { ended } = await askLab<{ ended?: object }>(socket, 'POST', '/recover')
  assert.ok((await began).begun, 'it landed first')
  assert.ok(ended, 'the lab has rolled back its own fault')
  assert.ok(!existsSync(recordPath(service.database)))
  await until('data requests succeed', async () => (await service.probe()) === 200)
})

test('the phase of an experiment stands on the metrics page and ends by itself', async () => {
  const { ask, metrics } = shared
  assert.equal((await ask('phase', 'none', 'idle', '1s')).code, 0)
  assert.equal(await metrics('lab_phase', { experiment: 'none', phase: 'idle' }), 1)
  assert.equal((await ask('phase', 'peak', 'load', '1s')).code, 0)
  assert.equal(await metrics('lab_phase', { experiment: 'peak', phase: 'load' }), 1)
  assert.equal(await metrics('lab_phase', { experiment: 'none' }), undefined)
  await until('it is idle again', async () => (await metrics('lab_phase', { experiment: 'none' })) === 1)
})

test('the metrics page counts the attempts of an attacker and what the clients met, while they run', async (t) => {
  const own = await api(t)
  const { socket, metrics } = await serving(t, undefined, own)
  const attempts = (outcome: string, attack = 'forged-tokens') =>
    metrics('lab_attack_attempts_total', { attack, outcome })
  const requests = (outcome: string) => metrics('lab_client_requests_total', { outcome })
  assert.deepEqual([await attempts('refused'), await attempts('unanswered', 'flood')], [0, 0])
  assert.deepEqual([await requests('success'), await requests('failure'), await requests('dropped')], [0, 0, 0])

  const args = ['experiment', 'forged-tokens', '--seconds', '6', '--load', 'own']
  const run = experiment(t, args, undefined, { env: stackEnv(own, socket) })
  await until('the first answers are counted', async () => (await requests('success')) !== 0)
  await until('the first attempts are counted', async () => (await attempts('refused')) !== 0)
  assert.equal(run.child.exitCode, null)
  await run.ended

  const { attacks: [attack] = [], happened } = run.journals()[0] ?? assert.fail(run.out())
  assert.ok(attack && attack.attempts > 100, run.out())
  const outcomes = ['refused', 'accepted', 'unanswered', 'error']
  const counted = await Promise.all(outcomes.map((outcome) => attempts(outcome)))
  assert.equal(
    counted.reduce((sum = 0, one = 0) => sum + one, 0),
    attack.attempts,
  )
  assert.equal(counted[1], 0)

  const sent = happened.phases.reduce((all, { figures }) => all + figures.sent, 0)
  assert.ok(sent > 300, run.out())
  const answered = async () => ((await requests('success')) ?? 0) + ((await requests('failure')) ?? 0)
  await until('the last answers are counted', async () => (await answered()) >= sent)
  const [all, failed, dropped] = [await answered(), (await requests('failure')) ?? 0, (await requests('dropped')) ?? 0]
  // Arrivals between phases and until the load is told to stop are not in the journal; counted twice they would be.
  assert.ok(all < 1.8 * sent, `${all} of ${sent}`)
  assert.equal(await metrics('lab_client_latency_from_due_seconds_count', {}), all)
  const calls = (what: string) => metrics('lab_client_calls_total', { what })
  assert.deepEqual(await Promise.all(['offered', 'attempts', 'good'].map(calls)), [all + dropped, all, all - failed])

  await askLab(socket, 'POST', '/attempts', { attack: 'flood', unanswered: 2, refused: 1, guesses: 40 })
  assert.deepEqual([await attempts('unanswered', 'flood'), await attempts('refused', 'flood')], [2, 1])
  assert.equal(await metrics('lab_attack_guesses_total', {}), 40)
  await askLab(socket, 'POST', '/load', { success: 0, failure: 2, dropped: 3, latencies: [0.0004, 7] })
  assert.deepEqual([await requests('failure'), await requests('dropped')], [failed + 2, dropped + 3])
})

test('a fault and a load that begin beside an experiment are why it proves nothing', async (t) => {
  const own = await api(t)
  const { socket, ask, metrics } = await serving(t, undefined, own)
  const args = ['experiment', 'baseline', '--seconds', '10', '--load', 'own', '--record', `${socket}.db`]
  const run = experiment(t, args, undefined, { env: stackEnv(own, socket) })
  await until('it sends requests', async () =>
    Number(await metrics('lab_client_requests_total', { outcome: 'success' })),
  )
  await ask('outage', '--mode', 'chmod', '--for', '1s')
  await ask('phase', 'k6', 'peak', '3s')
  assert.equal(await run.ended, 2, run.out())
  const [{ reasons = [] } = {}] = run.journals()
  for (const other of [/chmod/, /k6 peak/]) assert.match(reasons.join(), other)
})

test('an experiment attacks although no lab listens', async (t) => {
  const args = ['experiment', 'forged-tokens', '--seconds', '3', '--load', 'own']
  const run = experiment(t, args, undefined, { env: stackEnv(service, '/none/lab.sock') })
  await run.ended
  assert.ok(Number(run.journals()[0]?.attacks?.[0]?.attempts) > 100, run.out())
})

test('nothing can be changed through the port: only GET is answered there', async () => {
  const { url, socket } = shared
  for (const [path, method, status] of [
    ['/', 'GET', 200],
    ['/outage', 'GET', 404],
    ['/', 'POST', 405],
    ['/metrics', 'DELETE', 405],
    ['/outage', 'POST', 404],
    ['/recover', 'POST', 404],
  ] as const) {
    assert.equal((await fetch(url + path, { method })).status, status, `${method} ${path}`)
  }
  const onSocket = await new Promise((resolve) =>
    request({ socketPath: socket, path: '/outage' }, (response) => resolve(response.statusCode)).end(),
  )
  assert.equal(onSocket, 404, 'GET changes nothing on the socket either')
})

test("its page loads the API, and names a command for what needs an API of the lab's own", async (t) => {
  const { url } = shared
  const act = await openPage(t, url)
  const load = { do: 'load', load: { rate: 20, arrivals: 'even', writes: 0.15, clients: 'patient' } }
  assert.equal((await act(load, '')).status, 403)
  assert.equal((await act(load)).status, 200)
  for (const [what, command] of [
    [{ do: 'break', kind: 'crash' }, 'make outage MODE=crash'],
    [{ do: 'play', lesson: '01-normal', knob: false }, 'make lesson'],
    [{ do: 'mystery', level: 1 }, 'make mystery'],
  ] as const) {
    const { status, said } = await act(what)
    assert.deepEqual([status, said.includes(command)], [409, true], said)
  }
  assert.equal((await act({ ...load, load: { ...load.load, rate: 0 } })).status, 200)
})

test('without a serving lab its commands fail', async (t) => {
  const env = { ...service.env, LAB_SOCKET: join(scratchFolder(t), 'none.sock') }
  const run = lab(t, ['status'], { env })
  assert.equal(await run.ended, 2)
  assert.match(run.out(), /none\.sock/)
})
