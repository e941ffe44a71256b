import { Counter, Gauge } from 'prom-client'
import { attackers } from '../attacks/all.ts'
import { outcomes, type Tally } from '../attacks/attack.ts'

const idle = { experiment: 'none', phase: 'idle' }

export type Activity = ReturnType<typeof createActivity>

/** What an experiment is doing, as it reports it, on the metrics page. */
export function createActivity() {
  let entered = idle
  let until = 0
  // It ends by itself: the experiment that has set it may have been killed.
  const current = () => (Date.now() < until ? entered : idle)
  new Gauge({
    name: 'lab_phase',
    help: '1 for the phase that runs now',
    labelNames: ['experiment', 'phase'],
    collect() {
      this.reset()
      this.set(current(), 1)
    },
  })
  const attempts = new Counter({
    name: 'lab_attack_attempts_total',
    help: "Attempts of an experiment's attacker by outcome, unanswered ones included",
    labelNames: ['attack', 'outcome'],
  })
  const guesses = new Counter({ name: 'lab_attack_guesses_total', help: 'Guesses at a secret, made offline' })
  for (const attack of Object.keys(attackers)) for (const outcome of outcomes) attempts.inc({ attack, outcome }, 0)

  /** Sets the phase for so long at most. */
  function enter(experiment: string, phase: string, forMs: number): void {
    entered = { experiment, phase }
    until = Date.now() + forMs
  }

  /** Counts an attacker's attempts by outcome. */
  function count(attack: string, tally: Partial<Tally>): void {
    for (const outcome of outcomes) attempts.inc({ attack, outcome }, tally[outcome] ?? 0)
    guesses.inc(tally.guesses ?? 0)
  }
  return { current, enter, count }
}
