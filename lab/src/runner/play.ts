import { dirname } from 'node:path'
import { connect, logIn } from '../api-client.ts'
import { tally } from '../attacks/attack.ts'
import { now, onTheClock, sleep } from '../clock.ts'
import { count } from '../load/figures.ts'
import type { Load, StartLoad } from '../load/load.ts'
import { lost } from '../load/load.ts'
import { number } from '../report/html.ts'
import type { Target } from '../targets/target.ts'
import { type Experiment, faultsOf, type Phase, plannedPhases } from './experiment.ts'
import { watchMachine } from './machine.ts'
import { busyBetween, keptSeconds, type MetricsReading, watchMetrics } from './metrics-page.ts'
import { type Attacks, readyAttacks } from './play-attacks.ts'
import { checkOwnDatabase, playFaults } from './play-faults.ts'
import { healthOf, type ProbeSample, startProbe } from './probe.ts'
import type { PlayedPhase, Run } from './run.ts'
import { attackHeading, heading, legend, liveTable, say, wrap } from './screen.ts'
import { withRate } from './search.ts'
import { phaseAt, sentAndAnswered, troubleOf } from './seconds.ts'
import { isWithin } from './selection.ts'

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
  const attacks = started.adopt(await readyAttacks(experiment.phases, target, token), (one) => one.stop())
  const probe = started.adopt(startProbe(target.url, token), async (probe) => {
    await probe.stop()
  })
  const metrics = started.adopt(watchMetrics(target.metricsUrl), (one) => one.stop())
  const machine = started.adopt(watchMachine(dirname(target.database), target.mode === 'embedded'), (one) => one.stop())
  const load = started.adopt(await startLoad(target, token, experiment.phases, seed), (load) => load.abandon())
  started.adopt(reportLoad(load, target, probe.health, metrics.readings), (stop) => stop())
  const end = started.adopt(new AbortController(), (end) => end.abort())

  const { startedAt } = load
  const wallOffset = Date.now() - now()
  // The arrays are those of the watchers and of the load, which go on filling them.
  const run: Run = {
    startedAt,
    wallOffset,
    wallOffsetAtEnd: wallOffset,
    generator: load.generator,
    seed: load.seed,
    phases: [],
    faults: [],
    problems: [],
    results: load.results,
    dropped: load.dropped,
    refused: load.refused,
    maxWaiting: load.maxWaiting,
    attacks: [],
    health: probe.health,
    data: probe.data,
    metrics: metrics.readings,
    machine: machine.samples,
    acknowledged: 0,
  }
  // Without its API the run is over, and when one part of it fails the others end too: what was measured is judged.
  const signal = AbortSignal.any([stop, end.signal])
  let isPlaying = true
  target.ended.then((how) => {
    if (!isPlaying) return
    run.died = how
    end.abort()
  })
  const parts = [
    playPhases({ experiment, target, load, attacks, run, signal }),
    playFaults(timeline, run, { target, token, pool, startedAt, signal, isTold: !experiment.unannounced }),
  ]
  await Promise.all(parts).catch(async (error) => {
    end.abort()
    // The other part rolls back what it has done.
    await Promise.allSettled(parts)
    if (stop.aborted || run.died === undefined) throw error
  })
  isPlaying = false
  if (run.died === undefined) await load.stop()
  run.acknowledged = load.acknowledged.size
  say(`\nReading back the ${count(run.acknowledged)} notes that were acknowledged ...`)
  if (run.died === undefined) run.lost = await lost(pool, token, load.acknowledged, stop).catch(() => undefined)
  stop.throwIfAborted()
  run.wallOffsetAtEnd = Date.now() - now()
  return run
}

/** Reports four times a second what the clients met, so that each second of a reader has its share; the rest when stopped. */
function reportLoad({ results, dropped }: Load, target: Target, health: ProbeSample[], metrics: MetricsReading[]) {
  const reported = { results: 0, dropped: 0 }
  const report = () => {
    const [before, after] = metrics.slice(-2)
    const busy = before && after ? busyBetween(before, after) : null
    const api = { health: healthOf(health.at(-1)), busy }
    target.loaded?.(results.slice(reported.results), dropped.length - reported.dropped, api)
    Object.assign(reported, { results: results.length, dropped: dropped.length })
  }
  const end = onTheClock(250, report)
  return () => {
    end()
    report()
  }
}

type Parts = {
  experiment: Experiment
  target: Target
  load: Load
  attacks: Attacks
  run: Run
  signal: AbortSignal
}

async function playPhases({ experiment, target, load, attacks, run, signal }: Parts): Promise<void> {
  const underWay: Promise<unknown>[] = []
  const { unannounced } = experiment
  const writeRows = rowWriter(run, load, unannounced)
  if (!unannounced) say(wrap(legend))
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
    if (!unannounced || from_s === 0) announce(plan, unannounced)
    const over = new AbortController()
    const attack = attacks.during(plan, run, AbortSignal.any([signal, over.signal]))
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

function phaseWords({ name, rate, logins = 0, seconds, says }: Phase): string {
  const load = rate > 0 ? `${rate} requests` : `${Math.round(logins)} logins`
  return `${says ?? `${name}: ${load} a second.`} (${number(seconds, 2)} s)`
}

function announce(phase: Phase, unannounced?: true): void {
  say()
  say(wrap(phaseWords(phase)))
  // The column is empty where the name of a phase would tell what happens.
  say(phase.attack ? attackHeading : unannounced ? heading.replace('phase', '     ') : heading)
}

/**
 * Returns a function that writes the row of every second that was over at a moment, and returns when the next one will be. A
 * row belongs to the phase in which its second lies.
 */
function rowWriter(run: Run, load: Load, unannounced?: true): (moment: number) => number {
  const row = liveTable({ isPlain: unannounced })

  function write(second: number, from: number): void {
    const phase = phaseAt(run, second)?.plan
    const met = sentAndAnswered(run.results, load.waiting?.(), from)
    const inSecond = ({ done }: { done: number }) => isWithin(done, from, from + 1000)
    const attempts = phase?.attack && run.attacks.at(-1)?.attempts.filter(inSecond)
    // k6 reports a request only when it is over; it sends as many as were planned.
    const planned = (phase?.rate ?? 0) + (phase?.logins ?? 0)
    const answers = { ...met, sent: met.sent ?? planned }
    const name = unannounced ? '' : (phase?.name ?? '')
    const text = row(second, name, answers, run.health.findLast(inSecond), attempts && tally(attempts))
    if (text) say(text)
  }

  let second = 0
  return (moment) => {
    const next = () => run.startedAt + (second + 1) * 1000
    for (; next() <= moment; second++) write(second, next() - 1000)
    return next()
  }
}
