import { openSession } from '../api-client.ts'
import { now, onTheClock } from '../clock.ts'
import { runsFolder } from '../config.ts'
import { tallyOf } from '../load/figures.ts'
import type { Met } from '../load/follow.ts'
import { goodputOf } from '../load/goodput.ts'
import type { LoadTarget } from '../load/load.ts'
import { glossary } from '../report/tables.ts'
import type { News } from '../runner/to-page.ts'
import { goalAt, loadSlo } from '../slo.ts'
import type { Target } from '../targets/target.ts'
import { createActivity, idle } from './activity.ts'
import { controlsOf } from './controls.ts'
import { createEvents } from './events.ts'
import { createFaults, type FaultEvent } from './faults.ts'
import { createLessons } from './lessons.ts'
import { createLiveLoad } from './live-load.ts'
import { createMystery } from './mystery.ts'
import { startRecorder } from './recorder.ts'
import { createRuns } from './runs.ts'
import { createSeconds, type Second } from './seconds.ts'
import { createStory } from './story.ts'

export type LiveTarget = LoadTarget & Pick<Target, 'mode' | 'metricsUrl' | 'database' | 'server' | 'log' | 'api'>
/** In milliseconds. */
type Ends = {
  fault: number // its longest time
  load: number // its longest time
  unwatched: number // both, and a run, end so long after the last page was closed
  turn: number // that of a page ends so long after its last act
}
type Options = {
  target: LiveTarget
  /** The file in which is noted what happens. */
  record: string
  /** The file of the goals. */
  slo: string
  stop: AbortSignal
  /** Where runs and progress of the lessons are kept, and the length of their runs. */
  folder?: string
  seconds?: number
  ends?: Ends
}

const usualEnds = { fault: 120_000, load: 600_000, unwatched: 60_000, turn: 60_000 }

export type Live = ReturnType<typeof createLive>

/** What the live page shows: the load of its visitors, a mystery, or the run of a lesson. Only one of them at a time. */
export function createLive(options: Options) {
  const { target, stop, record, folder = runsFolder, ends = usualEnds } = options
  const slo = loadSlo(options.slo)
  const session = openSession(target.url, target.username, target.password)
  const changed = () => events.send('state', state())
  const events = createEvents({ all, changed, left, ends })
  const story = createStory((line) => mystery.isHidden() || events.send('story', line))
  const seconds = createSeconds()
  const load = createLiveLoad({ session, ends, story, changed })
  const faults = createFaults({ ...target, session, stop, tell: faultChanged })
  const activity = createActivity(freePlay)
  const recorder = startRecorder({ session, metricsUrl: target.metricsUrl, record, doing: doingNow })
  const runs = createRuns({ folder, slo: options.slo, changed: runChanged, heard, tell: story.tell })
  const lessons = createLessons({ folder, slo, seconds: options.seconds, runs, changed: lessonsChanged })
  const mystery = createMystery({ slo, folder, runs, changed: () => events.send('all', all()) })
  /** What visitors have set: load shedding, and when the fault began that they have injected. */
  const visitors: { shed: boolean; faultSince?: string } = { shed: false }

  // What the pages are told.

  const fixed = { mode: target.mode, controls: controlsOf(target), words: glossary() }
  function all() {
    const past = { seconds: seconds.rows.map(shown), story: mystery.isHidden() ? [] : story.lines }
    return { ...fixed, ...past, state: state() }
  }
  /** During a mystery nothing may tell what happens. */
  function shown(second: Second): Second {
    return mystery.isHidden() ? { ...second, fault: null } : second
  }
  function state() {
    const who = { actor: events.actor() ?? null, pages: events.count() }
    const played = { playing: (!mystery.isHidden() && runs.playing()) || null, mystery: mystery.view() }
    return { ...load.knobs(), ...who, ...played, shed: visitors.shed, fault: faults.active() ?? null }
  }
  function lessonsChanged(): void {
    events.send('lessons', {})
    changed()
  }

  function runChanged(): void {
    story.restart()
    changed()
  }

  // What happens: requests, faults, seconds.

  /** Every request that is shown comes through here, whoever has sent it. */
  function met({ sample, ...counts }: Met): void {
    seconds.add(counts)
    if (sample.sent.length + sample.done.length === 0 || mystery.isHidden()) return
    events.send('tick', { ...sample, ofLesson: runs.playing() !== undefined }, { mayMiss: true })
  }
  function tick(): void {
    const here = load.drain()
    const tally = tallyOf(here.calls, here.dropped)
    activity.countLoad({ ...tally, calls: goodputOf(here.calls, here.dropped) })
    recorder.met(tally)
    // What is left of the load of this page is no part of a run, and a mystery that is over stands still.
    if (!runs.playing() && !mystery.isOver()) met(here)
  }
  /** The run of a lesson or a mystery tells what happens. */
  function heard(news: News): void {
    if ('met' in news) met(news.met)
    if ('phase' in news) story.tell(news.phase.words)
    if ('fault' in news) {
      const [kind, what, at] = news.fault
      story.fault(kind, what, Date.now() - now() + at)
    }
    if (!('met' in news)) changed()
  }
  function faultChanged(event: FaultEvent): void {
    const { kind, at, begun, ended } = event
    recorder.note('fault', event, at)
    const told = (what: 'felt' | 'noticed' | 'back', ms?: number | null) =>
      ms != null && story.fault(kind, what, at + ms)
    story.fault(kind, begun ? 'begun' : 'over', at)
    told('felt', begun?.landed_ms)
    told('noticed', begun?.degraded_ms)
    told('back', ended?.success_ms)
    changed()
  }
  function freePlay() {
    const { rate } = load.knobs()
    const trouble = rate > slo.goals.peak.rate ? ('overload' as const) : undefined
    return rate > 0 ? { experiment: 'page', phase: 'load', trouble } : idle
  }
  function doingNow() {
    const { experiment, phase, trouble = null } = activity.current()
    const what = experiment === 'none' ? phase : `${experiment} ${phase}`
    return { phase: what, trouble, fault: faults.active()?.kind ?? null }
  }
  function closeSecond(): void {
    if (mystery.isOver()) return
    const run = runs.playing()
    const { health, busy } = run?.api ?? { health: recorder.health(), busy: recorder.busy() }
    const fault = (run ? run.fault : faults.active()?.kind) ?? null
    const rate = run ? (run.phase?.data ?? 0) : load.knobs().rate
    // Another goal would tell that the load of a mystery has changed.
    const goal = mystery.isHidden() ? slo.goals.baseline : goalAt(rate, slo)
    const second = seconds.close({ health, busy, fault, goal })
    story.watch(second)
    events.send('second', shown(second))
  }
  // A run reports at the same moments; what it says of a second has come an eighth of a second later.
  const clocks = [onTheClock(250, tick), onTheClock(1_000, closeSecond, 125)]

  /** The last page was closed. */
  async function left(): Promise<void> {
    await mystery.end()
    await runs.stop()
    await load.end(': the last page was closed')
    // A fault of another command is not the page's to end.
    const active = faults.active()
    if (active && active.since === visitors.faultSince) await faults.end().catch((error) => console.error(error))
  }

  async function close(): Promise<void> {
    lessons.stop()
    await runs.stop()
    for (const end of clocks) end()
    await Promise.all([load.stop(), recorder.stop()])
    await session.pool.destroy()
  }
  const parts = { target, folder, ends, visitors, events, story, load, faults, recorder, runs, lessons, mystery }
  return { ...parts, activity, state, changed, close }
}
