import { Counter, Gauge, type Registry } from 'prom-client'
import { type AttackName, attackers } from '../attacks/all.ts'
import { outcomes } from '../attacks/attack.ts'
import { number, oneOf } from '../config.ts'

const idle = { experiment: 'none', phase: 'idle' }
// More attempts in one second are a mistake of the sender.
const most = 1e9

export type Activity = ReturnType<typeof createActivity>

/** What an experiment is doing, as it reports it, on the metrics page. */
export function createActivity(registers: Registry[]) {
  let entered = idle
  let until = 0
  // It ends by itself: the experiment that has set it may have been killed.
  const current = () => (Date.now() < until ? entered : idle)
  new Gauge({
    name: 'lab_phase',
    help: '1 for the phase that runs now',
    labelNames: ['experiment', 'phase'],
    registers,
    collect() {
      this.reset()
      this.set(current(), 1)
    },
  })
  const attempts = new Counter({
    name: 'lab_attack_attempts_total',
    help: "Attempts of an experiment's attacker by outcome, unanswered ones included",
    labelNames: ['attack', 'outcome'],
    registers,
  })
  const guesses = new Counter({
    name: 'lab_attack_guesses_total',
    help: 'Guesses at a secret, made offline',
    registers,
  })
  const names = Object.keys(attackers) as AttackName[]
  for (const attack of names) for (const outcome of outcomes) attempts.inc({ attack, outcome }, 0)

  /** Sets the phase for so long at most. */
  function enter(experiment: string, phase: string, forMs: number): void {
    entered = { experiment, phase }
    until = Date.now() + forMs
  }

  /** Counts an attacker's attempts by outcome. Throws a UserError, and counts nothing, when a number is impossible. */
  function count(name: string, reported: Record<string, unknown>): void {
    const attack = oneOf('attack', name, names)
    const amount = (what: string) => number(what, String(reported[what] ?? 0), 0, most)
    const [guessed, ended] = [amount('guesses'), outcomes.map((outcome) => ({ outcome, n: amount(outcome) }))]
    for (const { outcome, n } of ended) attempts.inc({ attack, outcome }, n)
    guesses.inc(guessed)
  }
  return { current, enter, count }
}
