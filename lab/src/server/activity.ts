import { Counter, Gauge, Histogram } from 'prom-client'
import { attackers } from '../attacks/all.ts'
import { outcomes, type Tally } from '../attacks/attack.ts'
import type { LoadTally } from '../load/figures.ts'
import type { Goodput } from '../load/goodput.ts'

// Those of the API's own histogram, so that client and server can be compared, and more where only clients wait so long.
const edges = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 2, 5, 10]
export const troubles = ['overload', 'attack'] as const
type Trouble = (typeof troubles)[number]
type Doing = { experiment: string; phase: string; trouble?: Trouble }
export const idle: Doing = { experiment: 'none', phase: 'idle' }

export type Activity = ReturnType<typeof createActivity>

/** What is done to the API now, on the metrics page: what an experiment or k6 reports, else what the lab does itself. */
export function createActivity(own: () => Doing) {
  let entered = idle
  let until = 0
  // It ends by itself: the experiment that has set it may have been killed.
  const current = () => (Date.now() < until && entered.experiment !== 'none' ? entered : own())
  new Gauge({
    name: 'lab_phase',
    help: '1 for the phase that runs now',
    labelNames: ['experiment', 'phase'],
    collect() {
      const { experiment, phase } = current()
      this.reset()
      this.set({ experiment, phase }, 1)
    },
  })
  new Gauge({
    name: 'lab_trouble_active',
    help: '1 while the API of the stack is overloaded or attacked on purpose, else 0; lab_fault_active has the faults',
    labelNames: ['kind'],
    collect() {
      for (const kind of troubles) this.set({ kind }, current().trouble === kind ? 1 : 0)
    },
  })
  const attempts = new Counter({
    name: 'lab_attack_attempts_total',
    help: "Attempts of an experiment's attacker by outcome, unanswered ones included",
    labelNames: ['attack', 'outcome'],
  })
  const guesses = new Counter({ name: 'lab_attack_guesses_total', help: 'Guesses at a secret, made offline' })
  for (const attack of Object.keys(attackers)) for (const outcome of outcomes) attempts.inc({ attack, outcome }, 0)

  const requests = new Counter({
    name: 'lab_client_requests_total',
    help: "Requests of the lab's load by outcome: success is a 2xx, dropped was never sent",
    labelNames: ['outcome'],
  })
  const latency = new Histogram({
    name: 'lab_client_latency_from_due_seconds',
    help: 'From the moment these requests were due to the end of their answers',
    buckets: edges,
  })
  for (const outcome of ['success', 'failure', 'dropped']) requests.inc({ outcome }, 0)
  const calls = new Counter({
    name: 'lab_client_calls_total',
    help: 'What users of a load asked for, the requests made for it, and what came of them',
    labelNames: ['what'],
  })
  for (const what of ['offered', 'attempts', 'good', 'abandoned']) calls.inc({ what }, 0)

  /** Sets the phase for so long at most, and the trouble that it means for the API of the stack. */
  function enter(experiment: string, phase: string, forMs: number, trouble?: Trouble): void {
    entered = { experiment, phase, trouble }
    until = Date.now() + forMs
  }

  /** Counts an attacker's attempts by outcome. */
  function count(attack: string, tally: Partial<Tally>): void {
    for (const outcome of outcomes) attempts.inc({ attack, outcome }, tally[outcome] ?? 0)
    guesses.inc(tally.guesses ?? 0)
  }

  /** Counts what the clients of a load met. */
  function countLoad({ latencies, calls: counts, ...outcomes }: LoadTally & { calls?: Goodput }): void {
    for (const [what, count] of Object.entries(counts ?? {})) calls.inc({ what }, count)
    for (const [outcome, count] of Object.entries(outcomes)) requests.inc({ outcome }, count)
    for (const seconds of latencies) latency.observe(seconds)
  }
  return { current, enter, count, countLoad }
}
