// The run of a lesson or a mystery, as the page that has started it is told of it. It is played by another process, at short length.
import assert from 'node:assert/strict'
import { type StdioOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { identify, isRunning } from '../src/processes.ts'
import { root, says, scratchFolder, until } from './helpers.ts'
import { experiment } from './run-experiment.ts'

type Tick = { sent: { id: string; sent: number }[]; done: { id: string; done: number; status: number }[] }
type Second = {
  offered: number
  good: number
  failed: number
  fault: string | null
  health: string
  busy: number | null
}
type State = { rate: number; playing: { phase?: { name: string; rate: number }; fault?: string } | null }

async function opened(t: TestContext) {
  const options = ['--port', '0', '--no-open', '--seconds', '12', '--record', join(scratchFolder(t), 'session.db')]
  const run = experiment(t, ['lab', ...options], ({ goals }) => Object.assign(goals.baseline, { rate: 200 }))
  await says(run, /http:\S+#\S+/)
  const link = new URL(/http:\S+/.exec(run.out())?.[0] ?? '')

  const stop = new AbortController()
  t.after(() => stop.abort())
  const { body } = await fetch(`${link.origin}/events`, { signal: stop.signal })
  let text = ''
  async function read(): Promise<void> {
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) text += part
  }
  read().catch(() => {})
  const told = <T>(event: string): T[] =>
    [...text.matchAll(new RegExp(`event: ${event}\ndata: (.+)\n\n`, 'g'))].map(([, data = '']) => JSON.parse(data))
  async function act(what: object) {
    const headers = { origin: link.origin, 'content-type': 'application/json', 'x-lab-token': link.hash.slice(1) }
    const body = JSON.stringify({ page: 1, ...what })
    return (await fetch(`${link.origin}/act`, { method: 'POST', headers, body })).status
  }
  return { run, told, act }
}

const load = { rate: 20, arrivals: 'even', writes: 0.15, clients: 'patient' }

test('while a lesson is played the page is told of its requests, its seconds, its phases and its fault', async (t) => {
  const { told, act } = await opened(t)
  const playing = () => told<State>('state').at(-1)?.playing
  assert.equal(await act({ do: 'load', load }), 200)
  assert.equal(await act({ do: 'guess', lesson: '03-outage', guesses: ['?', '?', '?'] }), 200)
  assert.equal(await act({ do: 'play', lesson: '03-outage', knob: false }), 200)
  assert.equal(await act({ do: 'load', load }), 409, 'it would disturb the run')
  await until('its first phase', () => playing()?.phase?.name === 'warm-up')
  const before = told<Second>('second').length
  await until('its fault', () => playing()?.fault === 'chmod')
  await until('its end', () => playing() === null)

  const seconds = told<Second>('second').slice(before)
  assert.ok(seconds.filter(({ good }) => good > 100).length >= 3, JSON.stringify(seconds))
  assert.ok(seconds.some(({ busy }) => busy))
  const broken = seconds.filter(({ fault }) => fault === 'chmod')
  assert.ok(
    broken.some(({ failed, health }) => failed > 100 && health === 'degraded'),
    JSON.stringify(broken),
  )
  assert.ok(broken.length > 0 && seconds.findLast(({ offered }) => offered > 0)?.fault === null)
  const rates = new Set(told<State>('state').flatMap((one) => one.playing?.phase?.rate ?? []))
  assert.deepEqual([...rates], [200, 0], 'the goals of the lab hold for its runs, and their load ends')
  assert.equal(told<State>('state').at(-1)?.rate, 0)

  const ticks = told<Tick & { ofLesson: boolean }>('tick').filter(({ ofLesson }) => ofLesson)
  const sent = ticks.flatMap((tick) => tick.sent)
  const done = new Map(ticks.flatMap((tick) => tick.done).map((one) => [one.id, one]))
  assert.ok(sent.every(({ id, sent }) => (done.get(id)?.done ?? 0) > sent))
  assert.ok(
    [...done.values()].some(({ status }) => status === 503) && [...done.values()].some(({ status }) => status === 200),
  )
  const length = ((sent.at(-1)?.sent ?? 0) - (sent[0]?.sent ?? 0)) / 1000
  assert.ok(length > 8 && sent.length > 20 * length && sent.length <= 41 * length, `${sent.length} dots in ${length} s`)
})

test('a run that breaks off says why', async (t) => {
  const { run, told, act } = await opened(t)
  rmSync(run.kept, { recursive: true, force: true })
  writeFileSync(run.kept, 'no run can be kept here')
  assert.equal(await act({ do: 'play', lesson: '03-outage', knob: false }), 200)
  const said = () => told<{ text: string; tone: string }>('story').filter(({ tone }) => tone === 'bad')
  await until('the reason', () => said().some(({ text }) => text.includes('EEXIST')))
  await until('its end', () => told<State>('state').at(-1)?.playing === null)
  assert.equal(said().length, 1)
  assert.doesNotMatch(said()[0]?.text ?? '', /\n +at /)
})

const mystery = { do: 'mystery', level: 1, seed: 3 }

test('a mystery that is given up is over at once, and nothing was told of it', async (t) => {
  const { told, act } = await opened(t)
  // A fault takes a moment to end.
  assert.equal(await act({ do: 'break', kind: 'lock' }), 200)
  assert.deepEqual((await Promise.all([act(mystery), act(mystery)])).sort(), [200, 409], 'pressed twice')
  assert.equal(await act({ do: 'load', load }), 409)
  await until('its load', () => told<Second>('second').some(({ good }) => good > 100))
  assert.deepEqual(told('tick'), [])
  assert.ok(told<State>('state').every((one) => !one.playing))
  assert.equal(await act({ do: 'end' }), 200)
  assert.equal(await act({ do: 'load', load }), 200)
})

test('a page that reads late misses requests, but no phase and no end of a fault', async () => {
  const toPage = join(root, 'lab/src/runner/to-page.ts')
  const program = `import { tellPage } from '${toPage}'
    const { loaded, entered, faulted } = tellPage()
    for (let i = 0; i < 50; i++) loaded([], 0, { health: 'ok', busy: 0 })
    entered({ name: 'outage', rate: 300 })
    faulted('chmod', 'over', 0)`
  const stdio: StdioOptions = ['ignore', 'inherit', 'inherit', 'ipc']
  const run = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio })
  const told: object[] = []
  run.on('message', (news: object) => told.push(news))
  await once(run, 'close')
  assert.ok(told.filter((news) => 'met' in news).length < 50)
  assert.deepEqual(told.slice(-2).flatMap(Object.keys), ['phase', 'fault'])
})

test('a lab that is killed takes its run with it', async (t) => {
  const { run, told, act } = await opened(t)
  assert.equal(await act(mystery), 200)
  await until('its load', () => told<Second>('second').some(({ good }) => good > 100))
  const { stdout } = spawnSync('pgrep', ['-P', String(run.child.pid), '-f', 'mystery'], { encoding: 'utf8' })
  const played = identify(Number(stdout))
  assert.ok(played)
  run.child.kill('SIGKILL')
  await until('it is over long before its end', () => !isRunning(played), 20)
})
