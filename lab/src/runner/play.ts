import { dirname } from 'node:path'
import type { Pool } from 'undici'
import { connect, logIn } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { figures } from '../load/figures.ts'
import type { Load, StartLoad } from '../load/load.ts'
import { lost } from '../load/own-load.ts'
import type { Target } from '../targets/target.ts'
import { type Experiment, type Phase, plannedPhases } from './experiment.ts'
import { watchMachine } from './machine.ts'
import { watchMetrics } from './metrics-page.ts'
import { checkOwnDatabase } from './own-database.ts'
import { type Attacks, readyAttacks } from './play-attacks.ts'
import { playFaults } from './play-faults.ts'
import { startProbe } from './probe.ts'
import type { Run } from './run.ts'
import { heading, say, second, wrap } from './screen.ts'
import { phaseAt } from './seconds.ts'

/** Plays an experiment on an API and watches from outside. Rejects with the signal's reason when interrupted. */
export async function play(
  experiment: Experiment,
  target: Target,
  startLoad: StartLoad,
  stop: AbortSignal,
): Promise<Run> {
  const { faults = [] } = experiment
  const pool = connect(target.url, 16, 10_000)
  try {
    const token = await logIn(pool, target.url, target.username, target.password)
    if (faults.some(({ kind }) => kind !== 'crash')) await checkOwnDatabase(target, pool, token)
    return await playOut({ experiment, target, startLoad, stop, pool, token })
  } finally {
    await pool.destroy()
  }
}

type Play = {
  experiment: Experiment
  target: Target
  startLoad: StartLoad
  stop: AbortSignal
  pool: Pool
  token: string
}

async function playOut({ experiment, target, startLoad, stop, pool, token }: Play): Promise<Run> {
  const { phases, faults = [] } = experiment
  const attacks = await readyAttacks(phases, target, token)
  const probe = startProbe(target.url, token)
  const metrics = watchMetrics(target.metricsUrl)
  const machine = watchMachine(dirname(target.database), target.mode === 'embedded')
  const watched = { health: probe.health, data: probe.data, metrics: metrics.readings, machine: machine.samples }

  // Without its API the story is over, and so it is for all when a part of it fails: what was measured is judged.
  const end = new AbortController()
  const signal = AbortSignal.any([stop, end.signal])
  let load: Load | undefined
  let screen: NodeJS.Timeout | undefined
  let died: string | undefined
  let playing = true
  target.ended.then((how) => {
    if (!playing) return
    died = how
    end.abort()
  })
  try {
    load = await startLoad(target, token, phases)
    const run = begun(load, watched)
    screen = setInterval(() => tellSecond(run), 1000)
    const parts = [
      playPhases({ experiment, target, load, attacks, run, signal }),
      playFaults(faults, run, { target, token, pool, startedAt: load.startedAt, signal }),
    ]
    await Promise.all(parts).catch(async (error) => {
      end.abort()
      // The other part puts right what it has done.
      await Promise.allSettled(parts)
      if (stop.aborted || died === undefined) throw error
    })
    playing = false
    clearInterval(screen)
    if (died === undefined) await load.stop()
    for (const remark of load.remarks) say(wrap(remark))
    run.acknowledged = load.acknowledged.size
    say()
    say(`Reading back the ${run.acknowledged} notes that were acknowledged ...`)
    if (died === undefined) run.lost = await lost(pool, token, load.acknowledged, stop).catch(() => undefined)
    stop.throwIfAborted()
    return { ...run, died, wallOffsetAtEnd: Date.now() - now() }
  } finally {
    clearInterval(screen)
    metrics.stop()
    machine.stop()
    await load?.abandon()
    await attacks.stop()
    await probe.stop()
  }
}

function begun(load: Load, watched: Pick<Run, 'health' | 'data' | 'metrics' | 'machine'>): Run {
  const { generator, startedAt, results, dropped } = load
  const wallOffset = Date.now() - now()
  const nothing = { phases: [], faults: [], refused: [], attacks: [], acknowledged: 0 }
  return { startedAt, wallOffset, wallOffsetAtEnd: wallOffset, generator, results, dropped, ...watched, ...nothing }
}

type Parts = { experiment: Experiment; target: Target; load: Load; attacks: Attacks; run: Run; signal: AbortSignal }

async function playPhases({ experiment, target, load, attacks, run, signal }: Parts): Promise<void> {
  const underWay: Promise<void>[] = []
  for (const planned of plannedPhases(experiment)) {
    const { plan } = planned
    const until = load.startedAt + planned.to_s * 1000
    const played = { ...planned, start: now(), end: until }
    run.phases.push(played)
    load.enter(plan)
    target.entered?.(plan.name, plan.seconds)
    announce(plan)
    const over = new AbortController()
    const attack = attacks.during(plan, run, AbortSignal.any([signal, over.signal]))
    // How it went is told at the end: the next phase begins on time, whatever is still unanswered.
    attack.catch(() => {})
    underWay.push(attack)
    try {
      await sleep(until - now(), signal)
    } finally {
      over.abort()
      played.end = now()
    }
  }
  await Promise.all(underWay)
}

function announce({ name, rate, seconds, says }: Phase): void {
  say()
  say(wrap(`${says ?? `${name}: ${rate} requests a second.`} (${seconds} s)`))
  say(heading)
}

/** The row of the second that has just ended. */
function tellSecond(run: Run): void {
  const at = now()
  const elapsed = Math.round((at - run.startedAt) / 1000)
  const recent = run.results.slice(-5_000).filter((one) => one.done >= at - 1000)
  say(second(elapsed, phaseAt(run, elapsed - 1)?.plan.name ?? '', figures(recent), run.health.at(-1)))
}
