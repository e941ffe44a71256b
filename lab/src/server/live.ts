import type { Session } from '../api-client.ts'
import type { Slo } from '../slo.ts'
import type { Target } from '../targets/target.ts'
import { createEvents } from './events.ts'
import { createFaults, type FaultEvent } from './faults.ts'
import { handsOf } from './hands.ts'
import { createLiveLoad, type Knobs, mostPerSecond, off } from './live-load.ts'
import { createSample } from './sample.ts'
import { createSeconds } from './seconds.ts'
import { createStory } from './story.ts'
import { watchApi } from './watch-api.ts'

export type LiveTarget = Pick<Target, 'mode' | 'url' | 'metricsUrl' | 'database' | 'log' | 'api'>
type Options = { target: LiveTarget; session: Session; slo: Slo; stop: AbortSignal }

const tickMs = 100
const loadEndsMs = 10 * 60_000
const graceMs = 60_000
const mostLines = 10_000

export type Live = ReturnType<typeof createLive>

/** What the live page shows and what its visitors have set. The load ends by itself, and soon after the last page is closed. */
export function createLive({ target, session, slo, stop }: Options) {
  const { database, mode } = target
  const load = createLiveLoad(session)
  const api = watchApi(target.url, target.metricsUrl)
  const sample = createSample()
  const seconds = createSeconds()
  const story = createStory((line) => events.send('story', line))
  const events = createEvents(
    (page) => ({
      page,
      mode,
      mostPerSecond,
      hands: handsOf(mode),
      seconds: seconds.rows,
      story: story.lines,
      state: state(),
    }),
    audienceChanged,
  )
  const tell = (event: FaultEvent) => {
    story.fault(event)
    sendState()
  }
  const faults = createFaults({ database, api: target.api, session, stop, tell })
  const lines: string[] = []
  if (target.log)
    target.log.heard = (line) => {
      if (lines.push(line) > 2 * mostLines) lines.splice(0, mostLines)
    }
  let shed = false
  let actor: { page: number; until: number } | undefined
  let loadEnd: NodeJS.Timeout | undefined
  let grace: NodeJS.Timeout | undefined

  const goal = () => {
    const { baseline, peak } = slo.goals
    return load.knobs().rate <= baseline.rate ? baseline : peak
  }
  const state = () => {
    const acting = actor && actor.until > Date.now() && events.has(actor.page) ? actor : undefined
    return {
      ...load.knobs(),
      shed,
      goal: goal(),
      fault: faults.active() ?? null,
      actor: acting ?? null,
      pages: events.count(),
    }
  }
  const sendState = () => events.send('state', state())

  async function setLoad(knobs: Knobs, why = ''): Promise<void> {
    const { rate } = load.knobs()
    await load.set(knobs)
    clearTimeout(loadEnd)
    if (knobs.rate > 0) loadEnd = setTimeout(() => setLoad({ ...knobs, rate: 0 }, ' after ten minutes'), loadEndsMs)
    if (knobs.rate !== rate) story.tell(knobs.rate > 0 ? `Load: ${knobs.rate} requests/s` : `The load ends${why}`)
    sendState()
  }

  async function setShed(on: boolean): Promise<void> {
    await target.api?.restart({ SHED_AFTER_MS: on ? '50' : '0' })
    shed = on
    story.tell(
      `The API was restarted ${on ? 'and sheds load now' : 'without load shedding'}`,
      'plain',
      on ? whyShed : undefined,
    )
    sendState()
  }

  function audienceChanged(): void {
    clearTimeout(grace)
    if (events.count() === 0) grace = setTimeout(leave, graceMs)
    sendState()
  }

  async function leave(): Promise<void> {
    await setLoad(off, ': nobody looks on any more')
    if (faults.active()) await faults.end().catch((error) => console.error(error))
  }

  function tick(): void {
    const { done, dropped } = load.drain()
    const { arrived, ...seen } = sample.look(load.waiting, done)
    seconds.add(done, arrived + dropped.length, dropped.length)
    if (seen.sent.length + seen.done.length > 0)
      events.send('tick', { ...seen, waiting: load.waiting.size }, { mayMiss: true })
  }

  function closeSecond(): void {
    const { health, busy } = api.seen
    const fault = faults.active()?.kind ?? null
    const second = seconds.close({ waiting: load.waiting.size, busy, health: health.status, fault })
    story.watch(second, goal())
    events.send('second', second)
  }
  const timers = [setInterval(tick, tickMs), setInterval(closeSecond, 1_000)]

  async function close(): Promise<void> {
    for (const timer of [...timers, loadEnd, grace]) clearTimeout(timer)
    await Promise.all([load.stop(), api.stop()])
  }

  /** This page acts from now on, for so long at least. */
  function acts(page: number, forMs: number): void {
    actor = { page, until: Date.now() + forMs }
    sendState()
  }

  /** The line that the API has written about a request; only the newest are kept, and none of an API that runs elsewhere. */
  const logLine = (id: string) => lines.findLast((line) => line.includes(`"request_id":"${id}"`))
  return { target, events, faults, setLoad, setShed, state, acts, logLine, close }
}

const whyShed =
  'A request that would wait longer than 50 ms is refused at once. The others are quick: some served well beats all served late.'
