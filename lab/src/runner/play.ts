import { dirname } from 'node:path'
import { connect, logIn } from '../api-client.ts'
import { attackers } from '../attacks/all.ts'
import { type Attempt, tally } from '../attacks/attack.ts'
import { now, onTheClock, sleep } from '../clock.ts'
import { UserError } from '../errors.ts'
import { count } from '../load/figures.ts'
import { lost, type StartLoad } from '../load/load.ts'
import type { Target } from '../targets/target.ts'
import { type Experiment, faultsOf, type Phase, plannedPhases } from './experiment.ts'
import { announce, phaseWords, rowWriter } from './live-rows.ts'
import { watchMachine } from './machine.ts'
import { busyBetween, keptSeconds, watchMetrics } from './metrics-page.ts'
import { checkOwnDatabase, playFaults } from './play-faults.ts'
import { healthOf, startProbe } from './probe.ts'
import type { PlayedPhase, Playing, Run } from './run.ts'
import { say } from './screen.ts'
import { withRate } from './search.ts'
import { troubleOf } from './seconds.ts'

/** Plays an experiment on an API and watches from outside. Rejects with the signal's reason when interrupted. */
export async function play(
  experiment: Experiment,
  target: Target,
  startLoad: StartLoad,
  stop: AbortSignal,
  seed = 1,
): Promise<Run> {
  // However this ends, what was started is stopped, the last first.
  await using started = new AsyncDisposableStack()
  const pool = started.adopt(connect(target.url, 16, 10_000), (pool) => pool.destroy())
  const token = await logIn(pool, target.url, target.username, target.password)
  const timeline = faultsOf(experiment)
  if (timeline.length > 0 && !target.server) await checkOwnDatabase(target, pool, token)
  const attackPool = started.adopt(connect(target.url, 64, 10_000), (pool) => pool.destroy())
  const attacks: Playing['attacks'] = new Map()
  // Before any load: preparing some keeps this process busy for a while.
  for (const phase of experiment.phases)
    if (phase.attack) attacks.set(phase, await attackers[phase.attack.name]({ target, token, pool: attackPool }))
  const probe = started.adopt(startProbe(target.url, token), (probe) => probe.stop())
  const metrics = watchMetrics(target.metricsUrl, started)
  const machine = started.adopt(watchMachine(dirname(target.database), target.mode === 'embedded'), (one) => one.stop())
  const load = started.adopt(await startLoad(target, token, experiment.phases, seed), (load) => load.abandon())
  const { startedAt, generator, results, dropped, refused, maxWaiting } = load
  const end = started.adopt(new AbortController(), (end) => end.abort())

  const wallOffset = Date.now() - now()
  // The arrays are those of the watchers and of the load, which go on filling them.
  const run: Run = {
    ...{ startedAt, generator, seed: load.seed, results, dropped, refused, maxWaiting },
    wallOffset,
    wallOffsetAtEnd: wallOffset,
    phases: [],
    faults: [],
    problems: [],
    attacks: [],
    health: probe.health,
    data: probe.data,
    metrics,
    machine: machine.samples,
    acknowledged: 0,
  }
  started.defer(reportTo(target, run))
  // Without its API the run is over, and when one part of it fails the others end too: what was measured is judged.
  const signal = AbortSignal.any([stop, end.signal])
  let isPlaying = true
  target.ended.then((how) => {
    if (!isPlaying) return
    run.died = how
    end.abort()
  })
  const playing = { experiment, target, token, pool, load, attacks, run, signal }
  const parts = [playPhases(playing), playFaults(timeline, playing)]
  await Promise.all(parts).catch(async (error) => {
    end.abort()
    // The other part rolls back what it has done.
    await Promise.allSettled(parts)
    if (stop.aborted || run.died === undefined) throw error
  })
  isPlaying = false
  target.over?.()
  if (run.died === undefined) await load.stop()
  run.acknowledged = load.acknowledged.size
  say(`\nReading back the ${count(run.acknowledged)} notes that were acknowledged ...`)
  if (run.died === undefined) run.lost = await lost(pool, token, load.acknowledged, stop).catch(() => undefined)
  stop.throwIfAborted()
  run.wallOffsetAtEnd = Date.now() - now()
  return run
}

async function playPhases(playing: Playing): Promise<void> {
  const { experiment, target, load, run, signal } = playing
  const underWay: Promise<unknown>[] = []
  const { unannounced } = experiment
  const writeRows = rowWriter(playing)
  for (const planned of plannedPhases(experiment)) {
    const { from_s, to_s } = planned
    const plan = withRate(planned.plan, run, load.waiting?.() ?? [])
    const [from, until] = [load.startedAt + from_s * 1000, load.startedAt + to_s * 1000]
    const played: PlayedPhase = { ...planned, plan, start: now(), end: until }
    run.phases.push(played)
    load.enter(plan)
    target.entered?.(plan, troubleOf(plan), phaseWords(plan))
    // Print the last second of the previous phase before this one is announced.
    writeRows(from)
    if (!unannounced || from_s === 0) announce(plan, playing)
    const over = new AbortController()
    const attack = playAttack(planned.plan, playing, AbortSignal.any([signal, over.signal]))
    // A failure is reported at the end: the next phase begins on time, whatever is still unanswered.
    attack.catch(() => {})
    underWay.push(attack)
    try {
      for (let next = writeRows(from); now() < until; next = writeRows(Math.min(now(), until - 1)))
        await sleep(Math.min(next, until) - now(), signal)
    } finally {
      over.abort()
      played.end = now()
    }
    if (plan.readEvents) underWay.push(keptSeconds(target.metricsUrl).then((kept) => Object.assign(played, { kept })))
  }
  writeRows(load.startedAt + (run.phases.at(-1)?.to_s ?? 0) * 1000)
  await Promise.all(underWay)
}

/** Makes the attack of a phase until aborted; does nothing for a phase without one. */
async function playAttack(phase: Phase, { attacks, run }: Playing, signal: AbortSignal): Promise<void> {
  const attack = attacks.get(phase)
  if (!phase.attack || !attack) return
  const { name, perSecond } = phase.attack
  const attempts: Attempt[] = []
  run.attacks.push({ phase: phase.name, name, attempts })
  try {
    await attack({ perSecond, signal, attempts })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    run.problems.push(error.message)
  }
}

/**
 * Reports four times a second what the clients and the attackers met since the last time, so that each second of a reader has its
 * share; the rest when the returned function is called.
 */
function reportTo(target: Target, run: Run): () => void {
  const seen = new Map<unknown[], number>()
  function newIn<One>(list: One[]): One[] {
    const from = seen.get(list)
    seen.set(list, list.length)
    return list.slice(from)
  }
  const report = () => {
    const [before, after] = run.metrics.slice(-2)
    const busy = before && after ? busyBetween(before, after) : null
    const api = { health: healthOf(run.health.at(-1)), busy }
    target.loaded?.(newIn(run.results), newIn(run.dropped).length, api)
    for (const { name, attempts } of run.attacks) {
      const fresh = newIn(attempts)
      if (fresh.length > 0) target.attacked?.(name, tally(fresh))
    }
  }
  const end = onTheClock(250, report)
  return () => {
    end()
    report()
  }
}
