import { connect, type Session } from '../api-client.ts'
import { earlyMs, onTheClock } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import { isSuccess, type LoadTally, quantile, roundAll, sorted } from '../load/figures.ts'
import {
  between,
  busyBetween,
  gauges,
  type MetricsReading,
  readMetrics,
  statusesBetween,
} from '../runner/metrics-page.ts'
import type { SecondRow } from '../runs/journal.ts'
import { type NoteKind, openSessionDb } from '../runs/session-db.ts'
import { watchOutside } from './outside.ts'

type Options = {
  session: Session
  metricsUrl: string
  /** The file of the notes. */
  record: string
  /** What is being done to the API now: the phase, and the trouble that it makes on purpose without a fault. */
  doing: () => { phase: string; trouble: string | null; fault: string | null }
}

export type Recorder = ReturnType<typeof startRecorder>

/**
 * Notes every second what was seen of the API, as long as the lab runs: what clients of a load met, or without one the lab's
 * own probe; and what the API's metrics page said. k6 tells the lab nothing: its seconds are added when a session is kept.
 */
export function startRecorder({ session, metricsUrl, record: file, doing }: Options) {
  const pool = connect(metricsUrl, 2, 2_000)
  const outside = watchOutside(session, ({ at, done, status }) => {
    const [success, failure] = isSuccess({ status }) ? [1, 0] : [0, 1]
    probe.push({ success, failure, dropped: 0, latencies: [(done - at) / 1000] })
  })
  const db = openOrComplain(file)
  let clients: LoadTally[] = []
  let probe: LoadTally[] = []
  let before: MetricsReading = { at: 0 }
  let busy: number | null = null
  let done = doing()

  function note(kind: NoteKind, data: object, at = Date.now()): void {
    try {
      db?.add(at, kind, data)
    } catch (error) {
      // A full disk, say. It is no reason to let a fault or a load go on without the lab.
      console.error(`The record ${file} misses a ${kind} (${reasonOf(error)}).`)
    }
  }

  /** Counts what the clients of a load met. */
  function met(tally: LoadTally): void {
    clients.push(tally)
  }

  async function closeSecond(second: number): Promise<void> {
    const byClients = metBy(clients)
    const seen = byClients.error_ratio === null ? metBy(probe) : byClients
    ;[clients, probe] = [[], []]
    const { degraded } = outside.seen
    const now = { degraded: degraded === undefined ? null : degraded ? 1 : 0, ...done } as const
    const reading = await readMetrics(pool)
    const row: Omit<SecondRow, 'second'> = {
      time: new Date(second * 1000).toISOString(),
      ...seen,
      statuses: statusesBetween(before, reading),
      ...between(before, reading),
      ...gauges(reading),
      ...now,
    }
    busy = busyBetween(before, reading)
    before = reading
    note('second', row, second * 1000)
  }

  /** What begins in the second half of a second does not name it. */
  function lookAtHalf(): void {
    done = doing()
  }

  const endHalf = onTheClock(1000, lookAtHalf, 500)
  const end = onTheClock(1000, () => void closeSecond(Math.floor((Date.now() + earlyMs) / 1000) - 1))

  async function stop(): Promise<void> {
    end()
    endHalf()
    outside.stop()
    await pool.destroy()
    db?.close()
  }
  return { outside: outside.seen, health: outside.health, busy: () => busy, met, note, stop }
}

/** What clients met in a second, as a row has it; their answers came in it. The ratio is null where none was due. */
function metBy(tallies: LoadTally[]) {
  const sum = (what: 'success' | 'failure' | 'dropped') => tallies.reduce((all, one) => all + one[what], 0)
  const [rate, dropped] = [sum('success') + sum('failure'), sum('dropped')]
  const waits = sorted(tallies.flatMap(({ latencies }) => latencies.map((seconds) => 1000 * seconds)))
  const at = (share: number) => (waits.length > 0 ? quantile(waits, share) : null)
  return {
    rate,
    error_ratio: rate + dropped > 0 ? (sum('failure') + dropped) / (rate + dropped) : null,
    ...roundAll({ p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) }),
    dropped,
  }
}

/** A lab without its record is still a lab. */
function openOrComplain(file: string) {
  try {
    return openSessionDb(file)
  } catch (error) {
    console.error(`Nothing is recorded: ${file} cannot be opened (${reasonOf(error)}).`)
    return undefined
  }
}
