import { connect } from '../api-client.ts'
import { attackers } from '../attacks/all.ts'
import type { AttackContext, AttackRun, Attempt } from '../attacks/attack.ts'
import { tally } from '../attacks/attack.ts'
import { UserError } from '../errors.ts'
import type { Target } from '../targets/target.ts'
import type { Phase } from './experiment.ts'
import type { Run } from './run.ts'

export type Attacks = {
  /** Makes the attack of a phase until aborted; does nothing for a phase without one. */
  during: (phase: Phase, run: Run, signal: AbortSignal) => Promise<void>
  stop: () => Promise<void>
}

/** Prepares the attacks of all phases before any load: preparing some keeps this process busy for a while. */
export async function readyAttacks(phases: Phase[], target: Target, token: string): Promise<Attacks> {
  const context: AttackContext = { target, token, pool: connect(target.url, 64, 10_000) }
  const stop = () => context.pool.destroy()
  const ready = new Map<Phase, (run: AttackRun) => Promise<void>>()
  try {
    for (const phase of phases) if (phase.attack) ready.set(phase, await attackers[phase.attack.name](context))
  } catch (error) {
    await stop()
    throw error
  }

  async function during(phase: Phase, run: Run, signal: AbortSignal): Promise<void> {
    const attack = ready.get(phase)
    if (!phase.attack || !attack) return
    const { name, perSecond } = phase.attack
    const attempts: Attempt[] = []
    run.attacks.push({ phase: phase.name, name, attempts })
    let reported = 0
    const report = () => {
      target.attacked?.(name, tally(attempts.slice(reported)))
      reported = attempts.length
    }
    const timer = setInterval(report, 1000)
    try {
      await attack({ perSecond, signal, attempts })
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      run.problems.push(error.message)
    } finally {
      clearInterval(timer)
      report()
    }
  }
  return { during, stop }
}
