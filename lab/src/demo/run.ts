import { connect, logIn } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import type { Undone } from '../faults/undoing.ts'
import { figures } from '../load/figures.ts'
import { mix } from '../load/mix.ts'
import { openLoop, type Result } from '../load/open-loop.ts'
import { type MetricsReading, watchMetrics } from '../watch/metrics-page.ts'
import { type Sight, startProbe } from '../watch/probe.ts'
import type { ApiChild } from './api-child.ts'
import type { Phase } from './plan.ts'
import { playFault } from './play-fault.ts'
import { heading, say, second, wrap } from './screen.ts'

/** A phase as it happened; moments of clock.ts. A fault that did not land has `notLanded` instead of its moments. */
export type Played = {
  phase: Phase
  start: number
  end: number
  fault?: { injectedAt: number; landedAt: number; undone: Undone }
  notLanded?: string
}

/** Everything measured. `lost`: ids of acknowledged notes that could not be read back; undefined when nobody could look. */
export type Run = {
  zero: number
  /** Add it to a moment of clock.ts to get milliseconds since 1970. */
  wallZero: number
  played: Played[]
  results: Result[]
  dropped: number[]
  health: Sight[]
  data: Sight[]
  metrics: MetricsReading[]
  acknowledged: number
  lost?: string[]
  /** How the API ended, if it did so by itself. */
  died?: string
}

/** Plays the phases one after another and watches from outside. Rejects with the signal's reason when interrupted. */
export async function play(phases: Phase[], api: ApiChild, zero: number, stop: AbortSignal): Promise<Run> {
  // Enough connections for a stall to meet many waiting clients at once, as it would in real life; more would only
  // test the listen queue. Nearly all are unused while answers take a millisecond.
  const pool = connect(api.url, 128, 10_000)
  const token = await logIn(pool, api.url, api.username, api.password)
  const notes = mix(pool, token)
  await notes.prepare(50)
  const planned = phases.reduce((sum, { seconds }) => sum + seconds, 0)
  const load = openLoop({ send: notes.send, limitMs: planned * 1000 + 60_000 })
  const probe = startProbe(api.url, token)
  const metrics = watchMetrics(api.metricsUrl)
  const wallZero = Date.now() - now()
  const run: Run = {
    zero,
    wallZero,
    played: [],
    results: load.results,
    dropped: load.dropped,
    health: probe.health,
    data: probe.data,
    metrics: metrics.readings,
    acknowledged: 0,
  }

  // Without its API the story is over: what was measured until then is judged.
  const death = new AbortController()
  let playing = true
  api.ended.then((how) => {
    if (!playing) return
    run.died = how
    death.abort()
  })
  const signal = AbortSignal.any([stop, death.signal])

  let current = ''
  const screen = setInterval(() => {
    const since = now() - 1000
    const recent = load.results.slice(-5_000).filter((one) => one.done >= since)
    say(second(now() - zero, current, figures(recent), probe.health.at(-1)))
  }, 1000)
  try {
    for (const phase of phases) {
      say()
      say(wrap(phase.says))
      say(heading)
      current = phase.name
      await playPhase(phase)
    }
  } catch (error) {
    if (stop.aborted || !death.signal.aborted) throw error
  } finally {
    clearInterval(screen)
    if (stop.aborted || death.signal.aborted) load.setRate(0)
    else await load.stop()
    metrics.stop()
    await probe.stop()
    if (stop.aborted) await pool.destroy()
  }
  say()
  say(`Reading back the ${notes.acknowledged.size} notes that were acknowledged ...`)
  run.acknowledged = notes.acknowledged.size
  if (!run.died) run.lost = await notes.lost(stop).catch(() => undefined)
  await pool.destroy()
  stop.throwIfAborted()
  playing = false
  return run

  async function playPhase(phase: Phase): Promise<void> {
    const played: Played = { phase, start: now(), end: now() }
    run.played.push(played)
    load.setRate(phase.rate)
    try {
      if (phase.fault) await playFault(played, phase.fault, { database: api.database, probe: probe.ask, signal })
      else await sleep(phase.seconds * 1000, signal)
    } finally {
      played.end = now()
    }
  }
}
