import { perSecond } from '../load/figures.ts'
import type { MetricsEvent } from '../runs/journal.ts'
import type { Run } from './run.ts'
import { inForce, isWithin } from './selection.ts'
import { between, silence } from './server-seconds.ts'

/** The run second by second: what the client met, what the server said, and what was being done to it. */
export function secondsOf(run: Run): MetricsEvent[] {
  const { startedAt, wallOffset, phases, faults, health } = run
  const end = phases.at(-1)?.end ?? startedAt
  const met = new Map(perSecond(run.results, run.dropped, startedAt).map((row) => [row.second, row]))
  const seen = [...health].sort((a, b) => a.done - b.done)
  const attacker = attackerIn(run)
  return Array.from({ length: Math.floor((end - startedAt) / 1000) }, (_, second) => {
    const from = startedAt + second * 1000
    const to = from + 1000
    const middle = from + 500
    const row = met.get(second)
    const due = row?.due ?? 0
    const failed =
      due - Object.entries(row?.statuses ?? {}).reduce((sum, [status, n]) => sum + (isSuccess(status) ? n : 0), 0)
    const sample = seen.findLast(({ done, degraded }) => degraded !== undefined && isWithin(done, from, to))
    return {
      second,
      time: new Date(from + wallOffset).toISOString(),
      rate: row?.completed ?? 0,
      error_ratio: due > 0 ? failed / due : null,
      p50_ms: number(row?.latency_ms.p50),
      p95_ms: number(row?.latency_ms.p95),
      p99_ms: number(row?.latency_ms.p99),
      statuses: row?.statuses ?? {},
      dropped: row?.dropped ?? 0,
      degraded: sample === undefined ? null : sample.degraded ? 1 : 0,
      ...serverIn(run, from),
      ...(run.attacks.length > 0 && attacker(second)),
      phase: phases.find(({ start, end }) => isWithin(middle, start, end))?.plan.name ?? '',
      fault: faults.find((fault) => isWithin(middle, inForce(fault).from, inForce(fault).to))?.plan.kind ?? null,
    }
  })
}

/** The server's word on a second: its counters between the readings around the middle, its gauges as read in it. */
function serverIn({ metrics }: Run, from: number) {
  const next = metrics.findIndex(({ at }) => at > from + 500)
  const [before, after] = [metrics[next - 1], metrics[next]]
  const counters = before && after ? between(before, after) : silence
  const db_available = metrics.findLast(({ at }) => isWithin(at, from, from + 1000))?.db_available
  // One look a second: when the next one is late, the last still tells how much there was.
  const last = metrics.findLast((one) => one.resident_bytes !== undefined && isWithin(one.at, from - 1000, from + 1000))
  return {
    ...counters,
    db_available: db_available === undefined ? null : db_available > 0 ? 1 : 0,
    memory_mb: last?.resident_bytes === undefined ? null : Math.round(last.resident_bytes / 1e5) / 10,
    open_connections: last?.open_connections ?? null,
  } as const
}

/** What the attackers of the run met in each second, of the attempts that ended in it. */
function attackerIn({ startedAt, phases, attacks }: Run) {
  const ended = attacks.flatMap(({ phase, attempts }) => {
    const end = phases.find(({ plan }) => plan.name === phase)?.end ?? 0
    // What was open when the attack was over has not been cut off.
    return attempts.filter(({ status, done, byOwner }) => !byOwner && (status !== 0 || done <= end))
  })
  const bySecond = Map.groupBy(ended, ({ done }) => Math.floor((done - startedAt) / 1000))
  return (second: number) => {
    const attempts: Record<string, number> = {}
    let guessed = 0
    for (const { status, guesses } of bySecond.get(second) ?? []) {
      if (guesses === undefined) attempts[status] = (attempts[status] ?? 0) + 1
      else guessed += guesses
    }
    return { attempts, guesses: guessed }
  }
}

function isSuccess(status: string): boolean {
  return /^2\d\d$/.test(status)
}

function number(value = Number.NaN): number | null {
  return Number.isNaN(value) ? null : value
}
