import type { Result } from '../src/load/figures.ts'
import { requestAt } from '../src/load/mix.ts'
import { type Experiment, faultsOf, plannedPhases } from '../src/runner/experiment.ts'
import type { MachineSample } from '../src/runner/machine.ts'
import type { PlayedFault, Run } from '../src/runner/run.ts'

/** Where the clock of a recorded run begins. */
const startedAt = 1_000_000

/**
 * The run of an experiment in which everything went as it should, as it would have been recorded: answers after 5 ms,
 * refusals during faults, a quiet machine. Tests change what they are about. Knows no attacks, logins or crashes.
 */
export function recorded(experiment: Experiment): Run {
  const phases = plannedPhases(experiment).map((planned) => ({
    ...planned,
    start: at(planned.from_s),
    end: at(planned.to_s),
  }))
  const end = phases.at(-1)?.end ?? startedAt
  const faults: PlayedFault[] = faultsOf(experiment).map((plan) => {
    const injectedAt = at(plan.at) + 1
    const undone = { at: at(plan.at + plan.for), intact: true, did: 'the lock is free' }
    return { plan, did: 'lock', injectedAt, landedAt: injectedAt + 2, undone }
  })
  const isDown = (moment: number) => faults.some(({ injectedAt, undone }) => moment >= injectedAt && moment < undone.at)
  const results = phases.flatMap(({ plan, start, end }) => evenly(start, end, plan.rate).map(answer(isDown)))
  const probes = evenly(startedAt, end, 20)
  const refused = (moment: number) => results.filter(({ status, done }) => status === 503 && done <= moment).length
  const refusals = results.flatMap(({ status }, i) => (status === 503 ? `${i}` : []))
  return {
    startedAt,
    wallOffset: 0,
    wallOffsetAtEnd: 0,
    generator: 'recorded',
    phases,
    faults,
    problems: [],
    results,
    dropped: [],
    maxWaiting: () => 2_000,
    attacks: [],
    health: probes.map((moment) => ({ at: moment, done: moment + 2, status: 200, degraded: isDown(moment) })),
    data: probes.map((moment) => ({ at: moment, done: moment + 3, status: isDown(moment) ? 503 : 200 })),
    metrics: evenly(startedAt, end, 1).map((moment) => ({ at: moment, db_errors_total: refused(moment) })),
    machine: quietMachine(startedAt, end),
    refused: refusals,
    logged: new Set(refusals),
    acknowledged: results.filter(({ status }) => status === 201).length,
    lost: [],
  }
}

/** Logins in pairs at a server that needs as long for each: the second of a pair waits for the first. `capacity`: that of the server. */
export function idealQueue(experiment: Experiment, capacity: NonNullable<Run['capacity']>): Run {
  const run = recorded(experiment)
  const service = 1000 / capacity.perSecond
  const results = run.phases.flatMap(({ plan, start, end }) => {
    let free = start
    return evenly(start, end, plan.logins ?? 0).map((_, i): Result => {
      const due = start + (Math.floor(i / 2) * 2000) / (plan.logins ?? 1)
      free = Math.max(free, due) + service
      return { kind: 'login', due, sent: due, done: free, status: 200 }
    })
  })
  return { ...run, results, seed: 1, capacity }
}

function answer(isDown: (moment: number) => boolean) {
  return (due: number, number: number): Result => {
    const { kind } = requestAt(number, ['1'])
    const status = isDown(due) ? 503 : kind === 'write' ? 201 : 200
    return { kind, due, sent: due, done: due + 5, status }
  }
}

export function at(second: number): number {
  return startedAt + second * 1000
}

export function evenly(from: number, to: number, perSecond: number): number[] {
  return Array.from({ length: Math.round(((to - from) * perSecond) / 1000) }, (_, i) => from + (i * 1000) / perSecond)
}

function quietMachine(from: number, to: number): MachineSample[] {
  return evenly(from, to, 5).map((moment) => ({ from: moment, to: moment + 200, busy: false }))
}

/** The run on a machine that was too busy all the time. */
export function onBusyMachine(run: Run): Run {
  return { ...run, machine: run.machine.map((one) => ({ ...one, busy: true })) }
}

/** The run with some of its requests changed. */
export function withResults(run: Run, change: (one: Result) => Partial<Result> | undefined): Run {
  return { ...run, results: run.results.map((one) => ({ ...one, ...change(one) })) }
}
