import { tally } from '../attacks/attack.ts'
import { countEach, figures, isSuccess, type Result, roundAll, statusesOf } from '../load/figures.ts'
import { type Goodput, goodputPerSecond } from '../load/goodput.ts'
import type { SecondRow } from '../runs/journal.ts'
import { needsOwnLoad, type Phase } from './experiment.ts'
import { loginsServed, serverSecond } from './metrics-page.ts'
import type { Run } from './run.ts'
import { inForce, isWithin } from './selection.ts'

/** The run second by second: what clients met, what the server said, and what was being done to it. */
export function secondsOf(run: Run): SecondRow[] {
  const second = (moment: number) => Math.floor((moment - run.startedAt) / 1000)
  const due = Map.groupBy(run.results, (one) => second(one.due))
  const done = Map.groupBy(run.results, (one) => second(one.done))
  const end = run.phases.at(-1)?.end ?? run.startedAt
  const seconds = Array.from({ length: second(end) }, (_, i) => event(run, i, due.get(i) ?? [], done.get(i) ?? []))
  if (!needsOwnLoad({ phases: run.phases.map(({ plan }) => plan) })) return seconds
  const rows = goodputPerSecond(run.results, run.dropped, run.startedAt, seconds.length)
  return seconds.map((one, i) => {
    const { offered, attempts: tries, good: goodput, abandoned } = rows[i] as Goodput
    return { ...one, offered, tries, goodput, abandoned, served_late: servedLate(run, i, done.get(i) ?? []) }
  })
}

/** Logins that the API answered well in a second, and of which no client has heard. */
function servedLate({ metrics, startedAt }: Run, second: number, done: Result[]): number | undefined {
  const served = loginsServed(metrics, startedAt + second * 1000)
  const heard = done.filter((one) => one.kind === 'login' && isSuccess(one)).length
  return Number.isNaN(served) ? undefined : Math.max(0, served - heard)
}

/** The phase to which a second of the run belongs: the one in which its middle lies. */
export function phaseAt({ startedAt, phases }: Pick<Run, 'startedAt' | 'phases'>, second: number) {
  const middle = startedAt + second * 1000 + 500
  return phases.find(({ start, end }) => isWithin(middle, start, end))
}

/**
 * What was sent in a second, undefined without those that still wait for their answer, and what ended in it. A request that
 * ends without an answer has failed and has no latency. Results come nearly in order of completion.
 */
export function sentAndAnswered(results: Result[], waiting: Result[] | undefined, from: number) {
  const late = results.slice(results.findLastIndex(({ done }) => done < from - 1000) + 1)
  const inSecond = (moment: number) => isWithin(moment, from, from + 1000)
  const over = late.filter(({ done }) => inSecond(done))
  const answers = over.filter(({ status }) => status !== 0)
  return {
    sent: waiting && [...late, ...waiting].filter(({ sent }) => inSecond(sent)).length,
    answered: answers.length,
    failed: over.filter((one) => !isSuccess(one)).length,
    p95_ms: figures(answers).p95_ms,
  }
}

function event(run: Run, second: number, due: Result[], done: Result[]): SecondRow {
  const from = run.startedAt + second * 1000
  const to = from + 1000
  const dropped = run.dropped.filter((moment) => isWithin(moment, from, to)).length
  const { sent, error_ratio, p50_ms, p95_ms, p99_ms } = figures(due, dropped)
  const phase = phaseAt(run, second)
  const fault = run.faults.find((one) => isWithin(from + 500, inForce(one).from, inForce(one).to))?.plan.kind ?? null
  return {
    second,
    time: new Date(from + run.wallOffset).toISOString(),
    rate: sent,
    answered: done.filter(({ status }) => status !== 0).length,
    error_ratio,
    ...roundAll({ p50_ms, p95_ms, p99_ms }),
    statuses: statusesOf(due),
    dropped,
    degraded: degradedIn(run, from, to),
    ...serverSecond(run.metrics, from),
    ...(run.attacks.length > 0 && attackIn(run, from, to)),
    phase: phase?.plan.name ?? '',
    fault,
    trouble: fault ?? troubleOf(phase?.plan),
  }
}

/** Trouble that a phase makes on purpose, without a fault. */
export function troubleOf(plan?: Phase): string | null {
  if (plan?.overload) return 'overload'
  return plan?.attack ? 'attack' : null
}

/** What /health said last in a second. */
function degradedIn({ health }: Run, from: number, to: number): 0 | 1 | null {
  const last = health.findLast(({ done, degraded }) => degraded !== undefined && isWithin(done, from, to))
  return last === undefined ? null : last.degraded ? 1 : 0
}

/** What the attackers met in a second, of the attempts that ended in it. */
function attackIn({ phases, attacks }: Run, from: number, to: number) {
  const all = attacks.flatMap(({ phase, attempts }) => {
    const end = phases.find(({ plan }) => plan.name === phase)?.end ?? 0
    // A connection that was open when the attack ended was not cut off by the API.
    return attempts.filter(({ byOwner, status, done }) => !byOwner && (status !== 0 || done <= end))
  })
  const over = all.filter(({ done }) => isWithin(done, from, to))
  const { guesses } = tally(over)
  return { attempts: countEach(over.flatMap((one) => (one.guesses === undefined ? one.status : []))), guesses }
}
