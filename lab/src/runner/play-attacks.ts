import { connect } from '../api-client.ts'
import { attackers } from '../attacks/all.ts'
import type { Hit, Scene, Stage } from '../attacks/attack.ts'
import { tally } from '../attacks/outcomes.ts'
import { Sentence } from '../sentence.ts'
import type { Target } from '../targets/target.ts'
import type { Phase } from './experiment.ts'
import type { Run } from './run.ts'

export type Attacks = {
  /** Attacks as the phase says, until aborted; nothing where it says nothing. */
  during: (phase: Phase, run: Run, signal: AbortSignal) => Promise<void>
  stop: () => Promise<void>
}

/** Makes the attacks of all phases ready before any load: some of it keeps this process busy for a while. */
export async function readyAttacks(phases: Phase[], target: Target, token: string): Promise<Attacks> {
  const scene: Scene = { target, token, pool: connect(target.url, 64, 10_000) }
  const stop = () => scene.pool.destroy()
  const ready = new Map<Phase, (stage: Stage) => Promise<void>>()
  try {
    for (const phase of phases) if (phase.attack) ready.set(phase, await attackers[phase.attack.name](scene))
  } catch (error) {
    await stop()
    throw error
  }

  async function during(phase: Phase, run: Run, signal: AbortSignal): Promise<void> {
    const attack = ready.get(phase)
    if (!phase.attack || !attack) return
    const { name, perSecond } = phase.attack
    const hits: Hit[] = []
    run.attacks.push({ phase: phase.name, name, hits })
    let told = 0
    const tell = () => {
      target.attacked?.(name, tally(hits.slice(told)))
      told = hits.length
    }
    const timer = setInterval(tell, 1000)
    try {
      await attack({ perSecond, signal, hits })
    } catch (error) {
      if (!(error instanceof Sentence)) throw error
      run.refused.push(error.message)
    } finally {
      clearInterval(timer)
      tell()
    }
  }
  return { during, stop }
}
