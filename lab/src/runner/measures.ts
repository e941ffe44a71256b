import { faults, killing } from '../faults/all.ts'
import { count, isSuccess, latencyOf, quantileOf, type Result } from '../load/figures.ts'
import { number } from '../report/html.ts'
import { attackMeasures } from './attack-measures.ts'
import { loadMeasures } from './load-measures.ts'
import { modelMeasures } from './model-measures.ts'
import { firstAfter } from './probe.ts'
import type { PlayedFault, Run } from './run.ts'
import { searchMeasures } from './search.ts'
import { secondsOf } from './seconds.ts'
import {
  figuresOf,
  isWithin,
  largest,
  type Measure,
  type Measured,
  ofAnswers,
  type Selection,
  select,
  share,
  shareOf,
} from './selection.ts'

/** Everything an experiment may expect, or ask about beforehand. */
const all = {
  p50: latency('p50', 0.5),
  p95: latency('p95', 0.95),
  p99: latency('p99', 0.99),
  read_p50: latency('p50 of the reads', 0.5, ({ data }) => reads(data)),
  read_p95: latency('p95 of the reads', 0.95, ({ data }) => reads(data)),
  write_p50: latency('p50 of the writes', 0.5, ({ data }) => writes(data)),
  login_p95: latency('p95 of the logins', 0.95, ({ logins }) => logins),
  errors: ofAnswers('errors', (selection) => share(figuresOf(selection).failed, figuresOf(selection).due)),
  login_errors: ofAnswers('logins refused', ({ logins }) => shareOf(logins, (one) => !isSuccess(one))),
  refused: ofAnswers('data requests answered 503', (selection) => shareOfSettled(selection, 503)),
  reads_served: ofAnswers('reads answered 200', (selection) => shareOfSettled(selection, 200, reads), 'more'),
  writes_refused: ofAnswers('writes answered 503', (selection) => shareOfSettled(selection, 503, writes)),
  degraded_after: { title: '/health degraded after', unit: 'ms', of: worst(degradedAfter) },
  recovered_after: { title: 'first success after recovery', unit: 'ms', of: worst(recoveredAfter) },
  longest_gap: { title: 'longest time without a success', unit: 'ms', of: longestGap },
  health_answered: ofAnswers('/health answered 200', (selection) => shareOf(health(selection), is(200)), 'more'),
  health_slowest: {
    title: 'slowest answer of /health',
    unit: 'ms',
    of: (selection) => ({ value: largest(health(selection).map(({ at, done }) => done - at)) }),
  },
  health_status: {
    title: 'status of /health',
    unit: '',
    ofAnswers: true,
    of: (selection) => ({ value: health(selection).at(-1)?.status }),
  },
  // Before and after the fault it says ok.
  health_read_only: ofAnswers('/health said read_only', (selection) =>
    shareOf(
      health(selection).filter((sample) => sample.degraded),
      (sample) => sample.health === 'read_only',
    ),
  ),
  db_errors: { title: 'db_errors_total rose by', unit: 'errors', of: dbErrors },
  refusals_logged: { title: 'refusals found in the log', unit: '%', of: refusalsLogged },
  notes_lost: {
    title: 'acknowledged, then lost',
    unit: 'notes',
    ofAnswers: true,
    of: ({ run: { lost, acknowledged } }) =>
      lost ? { value: lost.length, words: `of ${count(acknowledged)}` } : { words: 'could not be read back' },
  },
  p95_rise: { ...latency('p95 above that of the phase before', 0.95), of: p95Rise },
  ...loadMeasures,
  ...attackMeasures,
  ...modelMeasures,
  ...searchMeasures,
} satisfies Record<string, Measure>

export type MeasureName = keyof typeof all
export const measures: Record<MeasureName, Measure> = all

/** What a measure says of a phase, or without one of the whole run. */
export function measure(name: MeasureName, phase: string | undefined, run: Run, slo: Selection['slo']): Measured {
  const selection = select(run, slo, phase)
  return selection === undefined ? { words: 'never reached' } : measures[name].of(selection)
}

function latency(title: string, share: number, requests = ({ data }: Selection) => data): Measure {
  const of = (selection: Selection) => ({ value: latencyAt(requests(selection), share) })
  return { title, unit: 'ms', of, latency: { requests, quantile: share } }
}

/** A quantile of the latency from the moment each request was due; undefined without requests. */
function latencyAt(results: Result[], share: number): number | undefined {
  return results.length > 0 ? quantileOf(results, latencyOf, share) : undefined
}

function writes(results: Result[]): Result[] {
  return results.filter(({ kind }) => kind === 'write')
}

function reads(results: Result[]): Result[] {
  return results.filter(({ kind }) => kind === 'read' || kind === 'list')
}

const is = (wanted: number) => (one: { status: number }) => one.status === wanted

/** Names the successes that it leaves out, since the figures of the phase count them. */
function shareOfSettled({ settled, data }: Selection, wanted: number, of = (all: Result[]) => all): Measured {
  const { value, words } = shareOf(of(settled), is(wanted))
  const late = of(data).length - of(settled).length
  return { value, words: late > 0 ? `${words}; ${count(late)} served after the fault` : words }
}

/** The largest over all faults of the selection; undefined when one of them has none. */
function worst(of: (fault: PlayedFault, run: Run) => number | undefined): (selection: Selection) => Measured {
  return ({ faults, run }) => {
    const values = faults.map((fault) => of(fault, run))
    return values.includes(undefined) ? {} : { value: largest(values as number[]) }
  }
}

/** How long after the injection /health first said degraded; undefined when it did not while the fault lasted. */
export function degradedAfter({ injectedAt, undone }: PlayedFault, { health }: Run): number | undefined {
  const during = health.filter((sample) => sample.done < undone.at)
  return firstAfter(during, injectedAt, (sample) => sample.degraded === true)
}

/**
 * How long after the rollback a request of the kind that felt the fault first succeeded; undefined when none did. After a crash it
 * counts from the kill on, without the answers that were on their way then.
 */
export function recoveredAfter(fault: PlayedFault, { data, results }: Run): number | undefined {
  const { plan, injectedAt, landedAt, undone } = fault
  if (!killing.has(plan.kind))
    return firstAfter(faults[plan.kind].feltBy === 'write' ? writes(results) : data, undone.at, isSuccess)
  const felt = landedAt ?? undone.at
  const back = firstAfter(data, felt, isSuccess)
  return back === undefined ? undefined : felt + back - injectedAt
}

function longestGap({ run, from, to }: Selection): Measured {
  const successes = run.data.filter((one) => isSuccess(one) && isWithin(one.done, from, to))
  const moments = [from, ...successes.map(({ done }) => done), to]
  return { value: largest(moments.slice(1).map((moment, i) => moment - (moments[i] ?? 0))) }
}

function health({ run, from, to }: Selection) {
  return run.health.filter(({ at }) => isWithin(at, from, to))
}

/** Each refusal that a client saw must be in the log under its own id: the probe's are logged too. */
function refusalsLogged({ run: { logged, refused } }: Selection): Measured {
  return logged === undefined ? {} : shareOf(refused, (id) => logged.has(id))
}

/** Of the seconds of the selection, as the report shows them: each of them belongs to one phase, so that none counts twice. */
function dbErrors({ run, from, to }: Selection): Measured {
  const within = secondsOf(run).filter(({ second }) => isWithin(run.startedAt + second * 1000 + 500, from, to))
  const known = within.flatMap(({ db_errors }) => db_errors ?? [])
  return known.length === 0 ? { words: 'not readable' } : { value: known.reduce((sum, one) => sum + one) }
}

function p95Rise({ run, slo, from, data }: Selection): Measured {
  const before = run.phases.findLast(({ start }) => start < from)
  const was = before && latencyAt(select(run, slo, before.plan.name)?.data ?? [], 0.95)
  const is = latencyAt(data, 0.95)
  if (was === undefined || is === undefined) return {}
  return { value: is - was, words: `${number(was)} to ${number(is)}` }
}
