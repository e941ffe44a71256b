import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Journal, SecondRow } from '../src/runs/journal.ts'

const fixtures = join(import.meta.dirname, 'fixtures')

/** The journal of a real run, the figures of its phases made from its seconds: 30 s quiet, 20 s chmod, 30 s quiet, 100 requests a second; a fresh copy each time. */
export function outageJournal(): Journal {
  return JSON.parse(readFileSync(join(fixtures, 'outage-chmod.json'), 'utf8'))
}

/** The names of real runs of which the seconds were kept. */
export function recordedRuns(): string[] {
  const files = readdirSync(fixtures).filter((one) => one.endsWith('.jsonl'))
  return files.map((one) => one.slice(0, -'.jsonl'.length)).sort()
}

/** The seconds of a real run. */
export function recorded(name: string): SecondRow[] {
  const lines = readFileSync(join(fixtures, `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')
  return lines.map((line) => JSON.parse(line))
}

/** Seconds in which nothing happens but what `change` says. */
export function generated(length: number, change: (second: number) => Partial<SecondRow> = () => ({})): SecondRow[] {
  return Array.from({ length }, (_, second) => ({
    second,
    time: new Date(second * 1000).toISOString(),
    rate: 100,
    error_ratio: 0,
    p50_ms: 2,
    // An even wave: something to deviate from.
    p95_ms: 10 + (second % 3),
    p99_ms: 20,
    statuses: { 200: 100 },
    dropped: 0,
    db_errors: 0,
    db_available: 1,
    degraded: 0,
    event_loop_delay_ms: 1,
    server_rate: 100,
    server_p95_ms: 8,
    phase: 'load',
    fault: null,
    ...change(second),
  }))
}

/** What a second of a full outage looks like. */
export const outage = { error_ratio: 1, db_errors: 100, db_available: 0, degraded: 1, fault: 'chmod' } as const

/** A run of twenty seconds, attacked in the second half; `change` says what a second of the attack was like. */
export function attacked(attack: NonNullable<Journal['attacks']>[number], change: Partial<SecondRow>): Journal {
  const journal = outageJournal()
  journal.happened.faults = []
  const figures = { due: 1_000, sent: 1_000, answered: 1_000, failed: 0, error_ratio: 0, rate: 100 }
  journal.happened.phases = ['quiet', attack.phase].map((name, i) => ({
    name,
    rate: 100,
    start_ms: i * 10_000,
    end_ms: (i + 1) * 10_000,
    figures: { ...figures, p50_ms: 2, p95_ms: 11, p99_ms: 20, max_ms: 30 },
  }))
  const seconds = generated(20, (s) => ({ attempts: {}, guesses: 0, fault: null, ...(s >= 10 && change) }))
  return { ...journal, attacks: [attack], seconds }
}
