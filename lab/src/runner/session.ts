import { clock } from '../report/html.ts'
import type { HappenedFault, Journal, JudgedExpectation, PhaseFigures, SecondRow } from '../runs/journal.ts'
import type { Note } from '../runs/session-db.ts'
import type { K6Summary } from './k6-summary.ts'
import { thisMachine } from './machine.ts'
import type { Begun, Ended } from './outage.ts'

type Second = Omit<SecondRow, 'second'>
type FaultNote = { kind: string; begun?: Begun; ended?: Ended }
type About = Pick<Journal, 'mode' | 'slo'>

/** Makes the journal of a session out of what the lab has noted: that of an experiment without a question and a verdict. */
export function sessionJournal(notes: Note[], { mode, slo }: About): Journal {
  const rows = notes.filter(({ kind }) => kind === 'second')
  const start = rows[0]?.at ?? 0
  const end = (rows.at(-1)?.at ?? 0) + 1_000
  const noted = faultsIn(notes, start, end)
  const faults = [...noted, ...faultsInRows(rows, noted)]
  const seconds = rows.map(({ at, data }) => asSecond(data as Second, at - start, faults))
  const loads = notes.filter(({ kind }) => kind === 'k6').map(({ at, data }) => ({ at, ...(data as K6Summary) }))
  const phases = phasesIn(seconds).map(({ name, part }) => {
    const [start_ms, end_ms] = [1_000 * (part[0]?.second ?? 0), 1_000 * ((part.at(-1)?.second ?? 0) + 1)]
    // k6 has told its results when its phase was over, or nearly.
    const k6 = loads.findLast(
      ({ at, script }) => name.startsWith(`k6 ${script}`) && at - start > start_ms && at - start < end_ms + 10_000,
    )
    const figures = k6 ? figuresOfK6(k6) : figuresOf(part)
    return { name, rate: Math.round(figures.rate), start_ms, end_ms, figures, k6 }
  })
  // Its results may have come after the span.
  const hasK6 = phases.some(({ name }) => name.startsWith('k6 '))
  return {
    schema: 2,
    experiment: 'session',
    question: `What happened from ${clock(start)} to ${clock(end)}?`,
    hypothesis: how,
    mode,
    started: new Date(start).toISOString(),
    run: { number: 1, of: 1 },
    environment: { ...thisMachine(), load_generator: hasK6 ? 'k6' : 'the lab' },
    slo,
    planned: {
      phases: phases.map(({ name, rate, start_ms, end_ms }) => {
        return { name, rate, from_s: start_ms / 1_000, to_s: end_ms / 1_000 }
      }),
      faults: faults.map(({ kind, injected_ms, undone_ms }) => {
        return { kind, at_s: injected_ms / 1_000, for_s: (undone_ms - injected_ms) / 1_000 }
      }),
    },
    happened: { phases: phases.map(({ k6, ...phase }) => phase), faults },
    seconds,
    expectations: phases.flatMap(({ name, k6 }) => (k6 ? goalsOf(name, k6) : [])),
    reasons: phases.flatMap(({ name, k6 }) => k6?.reasons.map((reason) => `${name}: ${reason}`) ?? []),
    predictions: [],
    notes: { acknowledged: 0, lost: null },
    again: '',
  }
}

const how = `The lab noted every second while it ran. What clients met is what those of its own loads told, what k6 wrote into
Prometheus (over three seconds each, a latency over five), or in a second without a load one request of the lab's probe; the
statuses are those that the API counted. The latencies of a phase are the medians of its seconds, except where k6 has told
those of its whole run.`

/** The faults that began in the span; one that has not ended, or whose lab was killed, lasts to the end. */
function faultsIn(notes: Note[], start: number, end: number): HappenedFault[] {
  const events = notes.filter(({ kind }) => kind === 'fault').map(({ at, data }) => ({ at, ...(data as FaultNote) }))
  return events.flatMap(({ at, kind, begun }, i) => {
    if (!begun) return []
    const over = events.slice(i + 1).find((one) => one.kind === kind)
    const [injected_ms, undone_ms] = [at - start, (over?.at ?? end) - start]
    const { did, landed_ms, degraded_ms } = begun
    return {
      ...{ kind, injected_ms, landed_ms: injected_ms + landed_ms, undone_ms, intact: over?.ended !== undefined, did },
      undone: over?.ended?.did ?? '',
      detected_after_ms: degraded_ms,
      recovered_after_ms: over?.ended?.success_ms ?? null,
    }
  })
}

/** Faults that began before the span, or that an experiment injected, are only in the rows: consecutive seconds with the same one. */
function faultsInRows(rows: Note[], noted: HappenedFault[]): HappenedFault[] {
  const found: HappenedFault[] = []
  for (const { at, data } of rows) {
    const { fault: kind } = data as Second
    const ms = at - (rows[0]?.at ?? 0)
    // A rollback may take some of the next second.
    const isNoted = noted.some((one) => one.kind === kind && ms > one.injected_ms - 2_000 && ms < one.undone_ms + 1_000)
    if (!kind || isNoted) continue
    const last = found.at(-1)
    if (last?.kind === kind && last.undone_ms === ms) last.undone_ms += 1_000
    else found.push({ ...unknown, kind, injected_ms: ms, undone_ms: ms + 1_000 })
  }
  return found
}

const unknown = {
  landed_ms: null,
  intact: true,
  did: '',
  undone: '',
  detected_after_ms: null,
  recovered_after_ms: null,
}

/** The times of the lab's own faults are exact to the millisecond; other faults were seen on record in the middle of the second. */
function asSecond(data: Second, ms: number, faults: HappenedFault[]): SecondRow {
  const held = faults.find(
    ({ injected_ms, landed_ms, undone_ms }) => ms + 500 >= (landed_ms ?? injected_ms) && ms + 500 < undone_ms,
  )
  const fault = held?.kind ?? data.fault
  return { ...data, second: ms / 1_000, fault, trouble: fault ?? data.trouble ?? null }
}

/** Groups consecutive seconds of the same phase. A phase that comes again gets a number. */
function phasesIn(seconds: SecondRow[]) {
  const phases: { what: string; name: string; part: SecondRow[] }[] = []
  for (const second of seconds) {
    const what = second.phase
    if (phases.at(-1)?.what !== what) {
      const count = phases.filter((one) => one.what === what).length + 1
      phases.push({ what, name: count > 1 ? `${what} ${count}` : what, part: [] })
    }
    const phase = phases.at(-1)
    second.phase = phase?.name ?? what
    phase?.part.push(second)
  }
  return phases
}

/** Of single requests nothing is kept: the latencies are the medians of the seconds. */
function figuresOf(part: SecondRow[]): PhaseFigures {
  const sum = (of: (second: SecondRow) => number) => part.reduce((total, second) => total + of(second), 0)
  const middle = (column: 'p50_ms' | 'p95_ms' | 'p99_ms') => {
    const known = part.flatMap((second) => second[column] ?? [])
    return known.toSorted((a, b) => a - b)[Math.floor(known.length / 2)] ?? null
  }
  const sent = Math.round(sum(({ rate }) => rate))
  const due = Math.round(sum(({ rate, dropped }) => rate + dropped))
  const failed = Math.round(sum(({ rate, dropped, error_ratio }) => (rate + dropped) * (error_ratio ?? 0)))
  return {
    ...{ due, sent, answered: null, failed, error_ratio: due > 0 ? failed / due : null, rate: sent / part.length },
    ...{ p50_ms: middle('p50_ms'), p95_ms: middle('p95_ms'), p99_ms: middle('p99_ms'), max_ms: null },
  }
}

/** k6 has seen every request of its run. */
function figuresOfK6({ requests: sent, failed, dropped, rate, latency_ms }: K6Summary): PhaseFigures {
  const { p50: p50_ms, p95: p95_ms, p99: p99_ms, max: max_ms } = latency_ms
  const due = sent + dropped
  const error_ratio = due > 0 ? failed / due : null
  return { due, sent, answered: null, failed, error_ratio, p50_ms, p95_ms, p99_ms, max_ms, rate }
}

function goalsOf(name: string, { verdict, goals }: K6Summary): JudgedExpectation[] {
  return goals.map(({ what, limit, measured, met, words }) => ({
    phase: `${name}: ${verdict}`,
    ...{ what, limit, value: measured, met, measured: words },
    why: 'as k6 has judged its whole run',
    compare: '<',
    unit: '',
  }))
}
