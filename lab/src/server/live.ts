import type { Session } from '../api-client.ts'
import { runsFolder } from '../config.ts'
import type { Level } from '../course/mystery.ts'
import { reasonOf, UserError } from '../errors.ts'
import type { FaultKind } from '../faults/all.ts'
import { type Result, tallyOf } from '../load/figures.ts'
import type { Slo } from '../slo.ts'
import type { Target } from '../targets/target.ts'
import { controlsOf } from './controls.ts'
import { createEvents } from './events.ts'
import { createFaults, type FaultEvent } from './faults.ts'
import { createLessons } from './lessons.ts'
import { createLiveLoad, createSample, type Knobs, off } from './live-load.ts'
import { createMystery } from './mystery.ts'
import { type Recorded, startRecorder } from './recorder.ts'
import { createSeconds, type Second } from './seconds.ts'
import { createStory, loadWords, whyShed } from './story.ts'

export type LiveTarget = Pick<Target, 'mode' | 'url' | 'metricsUrl' | 'database' | 'server' | 'log' | 'api'>
/** After so many milliseconds a fault and a load end, both end once no page is open, and the turn of a page that does nothing ends. */
type Ends = { fault: number; load: number; unwatched: number; turn: number }
type Options = Recorded & {
  target: LiveTarget
  /** The same, where the lab has started it: a mystery is played on it. */
  own?: Target
  session: Session
  slo: Slo
  stop: AbortSignal
  /** Where runs and progress of the lessons are kept, and the length of their runs. */
  folder?: string
  seconds?: number
  ends?: Ends
}

const tickMs = 100
const toldMs = 800
const usualEnds = { fault: 120_000, load: 600_000, unwatched: 60_000, turn: 60_000 }
const mostLines = 10_000

export type Live = ReturnType<typeof createLive>

/** What the live page shows and what its visitors have set. The load ends by itself, and soon after the last page is closed. */
export function createLive(options: Options) {
  const { target, own, session, slo, stop, record, doing, folder = runsFolder, seconds: length } = options
  const { database, mode, server } = target
  const ends = options.ends ?? usualEnds
  const load = createLiveLoad(session)
  const sample = createSample()
  const seconds = createSeconds()
  const story = createStory((line) => mystery.isHidden() || events.send('story', line))
  const welcome = (page: number) => {
    return { page, mode, controls: controlsOf(target), ...past(), state: state() }
  }
  const shown = (second: Second) => (mystery.isHidden() ? { ...second, fault: null } : second)
  const past = () => ({ seconds: seconds.rows.map(shown), story: mystery.isHidden() ? [] : story.lines })
  const events = createEvents(welcome, audienceChanged)
  const tell = (event: FaultEvent) => {
    story.fault(event)
    recorder.note('fault', event, event.at)
    if (event.ended) byPage = false
    sendState()
  }
  const faults = createFaults({ database, server, api: target.api, session, stop, tell })
  const now = () => ({
    ...(doing?.() ?? { phase: load.knobs().rate > 0 ? 'page' : 'idle', trouble: null }),
    fault: faults.active()?.kind ?? null,
  })
  const recorder = startRecorder({ session, metricsUrl: target.metricsUrl, record, doing: now })
  const isStack = mode === 'stack'
  const lessonsChanged = () => {
    events.send('lessons', {})
    sendState()
  }
  const lessons = createLessons({ folder, slo, seconds: length, isStack, changed: lessonsChanged })
  const changed = () => {
    events.send('past', past())
    sendState()
  }
  const failed = (error: unknown) => story.tell(`The mystery could not be played (${reasonOf(error)})`, 'bad')
  const met = (calls: Result[], dropped: number, waiting: Result[]) => {
    recorder.met(tallyOf(calls, dropped))
    seconds.add({ calls, dropped, sent: calls.length, waiting })
  }
  const mystery = createMystery({ slo, folder, met, changed, failed })
  const lines: string[] = []
  if (target.log)
    target.log.heard = (line) => {
      if (lines.push(line) > 2 * mostLines) lines.splice(0, mostLines)
    }
  let shed = false
  let byPage = false
  let newest = off
  let actor: { page: number } | undefined
  let loadEnd: NodeJS.Timeout | undefined
  let told: NodeJS.Timeout | undefined
  let grace: NodeJS.Timeout | undefined
  let turn: NodeJS.Timeout | undefined

  const goal = () => {
    const { baseline, peak } = slo.goals
    return load.knobs().rate <= baseline.rate ? baseline : peak
  }
  const state = () => {
    const acting = actor && events.has(actor.page) ? actor : null
    const fault = mystery.isHidden() ? null : (faults.active() ?? null)
    const now = { fault, actor: acting, pages: events.count(), mystery: mystery.view() }
    return { ...load.knobs(), shed, playing: lessons.isPlaying(), ...now }
  }
  const sendState = () => events.send('state', state())

  async function setLoad(knobs: Knobs, why = ''): Promise<void> {
    newest = knobs
    if (knobs.rate > 0) await load.prepare()
    // The first load waits for its notes: a newer one may hold by now.
    if (knobs !== newest) return
    load.set(knobs)
    clearTimeout(loadEnd)
    if (knobs.rate > 0) loadEnd = setTimeout(() => setLoad({ ...knobs, rate: 0 }, ' by itself'), ends.load)
    // A slider that is moved sets many: the last one is told.
    clearTimeout(told)
    told = setTimeout((at) => story.tell(loadWords(knobs) + why, 'plain', undefined, at), toldMs, Date.now())
    sendState()
  }

  async function setShed(on: boolean): Promise<void> {
    await target.api?.restart({ SHED_AFTER_MS: on ? '50' : '0' })
    shed = on
    if (on) story.tell('The API was restarted and sheds load now', 'plain', whyShed)
    else story.tell('The API was restarted without load shedding')
    sendState()
  }

  function audienceChanged(): void {
    clearTimeout(grace)
    if (events.count() === 0) grace = setTimeout(leave, ends.unwatched).unref()
    sendState()
  }

  /** Injects a fault that ends by itself. */
  async function breakIt(kind: FaultKind): Promise<void> {
    await faults.begin(kind, ends.fault)
    byPage = true
  }

  async function leave(): Promise<void> {
    await mystery.end()
    if (load.knobs().rate > 0) await setLoad(off, ': the last page was closed')
    // A fault of another command is not the page's to end.
    if (byPage) await faults.end().catch((error) => console.error(error))
  }

  function tick(): void {
    const { calls, dropped, wires } = load.drain()
    recorder.met(tallyOf(calls, dropped))
    const waiting = load.isWaiting()
    const { count, ...seen } = sample.look(waiting.wires, wires)
    seconds.add({ calls, dropped, sent: count, waiting: waiting.calls })
    if (seen.sent.length + seen.done.length > 0) events.send('tick', seen, { mayMiss: true })
  }

  function closeSecond(): void {
    if (mystery.isOver()) return
    const fault = faults.active()?.kind ?? null
    const waiting = load.isWaiting().wires.size + mystery.waiting()
    const { rate, latency_ms } = goal()
    const others = { waiting, busy: recorder.busy(), health: recorder.health(), fault, goal: { rate, latency_ms } }
    const second = seconds.close(others)
    story.watch(second)
    events.send('second', shown(second))
  }
  const timers = [setInterval(tick, tickMs), setInterval(closeSecond, 1_000)]

  /** The run has the machine for itself: the load of the page ends. */
  async function playLesson(name: string, isKnob: boolean): Promise<void> {
    await lessons.play(name, isKnob)
    if (load.knobs().rate > 0) await setLoad({ ...load.knobs(), rate: 0 }, ' for the run of a lesson')
  }

  async function playMystery(level: Level, seed?: number): Promise<void> {
    if (!own) throw new UserError('Not here. In a terminal: make mystery')
    if (lessons.isPlaying()) throw new UserError('A run is being played: wait for its end.')
    await mystery.giveWay()
    await setLoad({ ...load.knobs(), rate: 0 }, ' for a mystery')
    await faults.end()
    shed = false
    await mystery.begin(own, level, seed)
  }

  async function close(): Promise<void> {
    await mystery.end()
    lessons.stop()
    for (const timer of [...timers, loadEnd, told, grace, turn]) clearTimeout(timer)
    await Promise.all([load.stop(), recorder.stop()])
  }

  /** This page acts from now on, and keeps the others from acting until it is closed or has done nothing for a while. */
  function acts(page: number): void {
    actor = { page }
    clearTimeout(turn)
    turn = setTimeout(() => {
      actor = undefined
      sendState()
    }, ends.turn)
    sendState()
  }

  /** The line that the API has written about a request; only the newest are kept, and none of an API that runs elsewhere. */
  const logLine = (id: string) => lines.findLast((line) => line.includes(`"request_id":"${id}"`))
  return {
    target,
    events,
    faults,
    recorder,
    tell: story.tell,
    lessons,
    playLesson,
    mystery,
    playMystery,
    setLoad,
    setShed,
    breakIt,
    state,
    acts,
    logLine,
    close,
  }
}
