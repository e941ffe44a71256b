import { quantile, sorted } from '../load/figures.ts'
import type { Result } from '../load/open-loop.ts'
import { costMeasures } from './attack-costs.ts'
import { attackMeasures } from './attack-measures.ts'
import { largest, type Measure, type Measured, share } from './measure.ts'
import { firstAfter } from './probe.ts'
import type { PlayedFault, Run } from './run.ts'
import { isWithin, type Selection } from './selection.ts'

/** Everything an experiment may expect, or ask about beforehand. */
const all = {
  p50: latency('p50', 0.5),
  p95: latency('p95', 0.95),
  p99: latency('p99', 0.99),
  login_p95: latency('p95 of the logins', 0.95, ({ logins }) => logins),
  errors: {
    title: 'errors',
    unit: '%',
    of: ({ data, dropped }) => share(data.length - answered(data, 200, 299) + dropped, data.length + dropped),
  },
  login_errors: {
    title: 'logins refused',
    unit: '%',
    of: ({ logins }) => share(logins.length - answered(logins, 200, 299), logins.length),
  },
  refused: {
    title: 'data requests answered 503',
    unit: '%',
    of: ({ data }) => share(answered(data, 503), data.length),
  },
  reads_served: {
    title: 'reads answered 200',
    unit: '%',
    of: ({ data }) => share(answered(reads(data), 200), reads(data).length),
  },
  writes_refused: {
    title: 'writes answered 503',
    unit: '%',
    of: ({ data }) => share(answered(writes(data), 503), writes(data).length),
  },
  refused_after: {
    title: 'first 503 after',
    unit: 'ms',
    of: worst(({ landedAt, injectedAt }) => landedAt && landedAt - injectedAt),
  },
  degraded_after: { title: '/health degraded after', unit: 'ms', of: worst(degradedAfter) },
  recovered_after: { title: 'first success after recovery', unit: 'ms', of: worst(recoveredAfter) },
  longest_gap: { title: 'longest time without a success', unit: 'ms', of: longestGap },
  health_answered: {
    title: '/health answered 200',
    unit: '%',
    of: (selection) => share(health(selection).filter(({ status }) => status === 200).length, health(selection).length),
  },
  health_slowest: {
    title: 'slowest answer of /health',
    unit: 'ms',
    of: (selection) => ({ value: largest(health(selection).map(({ at, done }) => done - at)) }),
  },
  health_status: {
    title: 'status of /health',
    unit: 'status',
    of: (selection) => ({ value: health(selection).at(-1)?.status }),
  },
  db_errors: { title: 'db_errors_total rose by', unit: 'errors', of: dbErrors },
  refusals_logged: { title: 'refusals found in the log', unit: '%', of: refusalsLogged },
  notes_lost: {
    title: 'acknowledged notes lost',
    unit: 'notes',
    of: ({ run: { lost, acknowledged } }) => ({
      value: lost?.length,
      words: lost ? `${lost.length} of ${acknowledged}` : 'could not be read back',
    }),
  },
  ...attackMeasures,
  ...costMeasures,
} satisfies Record<string, Measure>

export type MeasureName = keyof typeof all
export const measures: Record<MeasureName, Measure> = all

function latency(
  title: string,
  share: number,
  requests: (selection: Selection) => Result[] = ({ data }) => data,
): Measure {
  // From the moment each was due: somebody who wanted to ask then waited that long, whoever was late.
  const waits = (selection: Selection) => sorted(requests(selection).map(({ due, done }) => done - due))
  const of = (selection: Selection) => ({ value: known(quantile(waits(selection), share)) })
  return { title, unit: 'ms', of, latency: { requests, quantile: share } }
}

function known(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value
}

function answered(results: Result[], from: number, to = from): number {
  return results.filter(({ status }) => status >= from && status <= to).length
}

function reads(results: Result[]): Result[] {
  return results.filter(({ kind }) => kind === 'read' || kind === 'list')
}

function writes(results: Result[]): Result[] {
  return results.filter(({ kind }) => kind === 'write')
}

/** The largest over all faults of the selection; never, when it never came about for one of them. */
function worst(of: (fault: PlayedFault, run: Run) => number | undefined): (selection: Selection) => Measured {
  return ({ faults, run }) => {
    const values = faults.map((fault) => of(fault, run))
    if (values.length === 0 || values.includes(undefined)) return {}
    return { value: largest(values as number[]) }
  }
}

/** How long after the injection /health first said degraded; undefined when it did not while the fault lasted. */
export function degradedAfter({ injectedAt, undone }: PlayedFault, { health }: Run): number | undefined {
  const during = health.filter((sample) => sample.done < undone.at)
  return firstAfter(during, injectedAt, (sample) => sample.degraded === true)
}

/** How long after the rollback a data request first succeeded; undefined when none did. */
export function recoveredAfter({ plan, undone }: PlayedFault, { data, results }: Run): number | undefined {
  if (plan.feltBy !== 'write') return firstAfter(data, undone.at, (sample) => sample.status === 200)
  const written = results.filter(({ kind, status, done }) => kind === 'write' && status === 201 && done >= undone.at)
  return written.length > 0
    ? written.reduce((first, { done }) => Math.min(first, done), Infinity) - undone.at
    : undefined
}

function longestGap({ run, from, to }: Selection): Measured {
  const successes = run.data.filter(({ status, done }) => status === 200 && isWithin(done, from, to))
  const moments = [from, ...successes.map(({ done }) => done).sort((a, b) => a - b), to]
  return { value: largest(moments.slice(1).map((moment, i) => moment - (moments[i] ?? 0))) }
}

function health({ run, from, to }: Selection) {
  return run.health.filter(({ at }) => isWithin(at, from, to))
}

/** From the last reading before the selection to the first one after it, or the last one there is. */
function dbErrors({ run: { metrics }, from, to }: Selection): Measured {
  const readable = metrics.filter((reading) => reading.db_errors_total !== undefined)
  const before = readable.findLast(({ at }) => at <= from)?.db_errors_total
  const after = (readable.find(({ at }) => at >= to) ?? readable.at(-1))?.db_errors_total
  return before === undefined || after === undefined ? { words: 'not readable' } : { value: after - before }
}

/** Of the refusals that were seen. The probe's are logged too, so there may be more lines than that. */
function refusalsLogged({ run: { logged, results } }: Selection): Measured {
  const seen = answered(results, 503)
  if (logged === undefined || seen === 0) return { words: `${logged ?? 'no'} lines, ${seen} seen` }
  return { value: Math.min(100, (100 * logged) / seen), words: `${logged} lines, ${seen} seen` }
}
