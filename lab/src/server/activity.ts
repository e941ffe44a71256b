import { Counter, Gauge, type Registry } from 'prom-client'
import { type AttackName, attackers } from '../attacks/all.ts'
import { outcomes } from '../attacks/outcomes.ts'
import { number, oneOf } from '../config.ts'
import { UserError } from '../errors.ts'

const idle = { experiment: 'none', phase: 'idle' }
const label = /^[a-z0-9-]{1,40}$/
// More attempts in one second are a mistake of the sender.
const most = 1e9

/** What an experiment is doing, as it reports it, on the metrics page. */
export type Activity = {
  current: () => { experiment: string; phase: string }
  /** Sets the phase for so long at most. Throws a UserError when a name is not one of an experiment. */
  enter: (experiment: string, phase: string, forMs: number) => void
  /** Counts an attacker's attempts by outcome. Throws a UserError, and counts nothing, when a number is impossible. */
  count: (attack: string, reported: Record<string, unknown>) => void
}

export function createActivity(registers: Registry[]): Activity {
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

  function enter(experiment: string, phase: string, forMs: number): void {
    if (!label.test(experiment) || !label.test(phase))
      throw new UserError('Names of experiments and phases consist of small letters, digits and hyphens.')
    entered = { experiment, phase }
    until = Date.now() + forMs
  }

  function count(name: string, reported: Record<string, unknown>): void {
    const attack = oneOf('attack', name, names)
    const amount = (what: string) => number(what, String(reported[what] ?? 0), 0, most)
    const ended = outcomes.map((outcome) => ({ outcome, n: amount(outcome) }))
    const guessed = amount('guesses')
    for (const { outcome, n } of ended) attempts.inc({ attack, outcome }, n)
    guesses.inc(guessed)
  }
  return { current, enter, count }
}
