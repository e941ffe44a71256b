import { Counter, type Registry } from 'prom-client'
import { type AttackName, attackers } from '../attacks/all.ts'
import { outcomes } from '../attacks/outcomes.ts'
import { number, oneOf } from '../config.ts'

const attacks = Object.keys(attackers) as AttackName[]
// More in one second is a mistake of whoever tells.
const most = 1e9

/** Counts what an experiment says its attacker did. A UserError, and nothing is counted, when it says what cannot be. */
export type CountAttempts = (attack: string, told: Record<string, unknown>) => void

/** What an attacker meets, on the metrics page: the API's own figures leave out whoever got no answer. */
export function createAttempts(registers: Registry[]): CountAttempts {
  const attempts = new Counter({
    name: 'lab_attack_attempts_total',
    help: "Attempts of an experiment's attacker by how they ended",
    labelNames: ['attack', 'outcome'],
    registers,
  })
  const guesses = new Counter({
    name: 'lab_attack_guesses_total',
    help: 'Guesses at a secret, made offline',
    registers,
  })
  for (const attack of attacks) for (const outcome of outcomes) attempts.inc({ attack, outcome }, 0)

  return (name, told) => {
    const attack = oneOf('attack', name, attacks)
    const count = (what: string) => number(what, String(told[what] ?? 0), 0, most)
    const [ended, guessed] = [outcomes.map((outcome) => ({ outcome, n: count(outcome) })), count('guesses')]
    for (const { outcome, n } of ended) attempts.inc({ attack, outcome }, n)
    guesses.inc(guessed)
  }
}
