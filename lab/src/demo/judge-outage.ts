import type { Slo } from '../slo.ts'
import { firstAfter } from '../watch/probe.ts'
import type { ApiLog } from './api-log.ts'
import type { Expectation, Findings } from './judge.ts'
import { dueIn, latencyWithin, pick } from './judge-load.ts'
import type { Played, Run } from './run.ts'

/** What is expected of one outage and of the recovery after it. */
export function outageExpectations(
  run: Run,
  played: Played,
  recovery: Played | undefined,
  limits: Slo['outage'],
  log: ApiLog,
): Findings {
  const { phase, fault, notLanded } = played
  if (fault === undefined)
    return { expectations: [], doubts: [`${phase.name}: ${notLanded ?? 'the fault was never injected.'}`] }
  const { injectedAt, landedAt, undone } = fault
  const end = recovery?.end ?? played.end
  const name = `outage by ${phase.fault}`

  const due = dueIn(run, landedAt, undone.at)
  // What is under way while the fault is undone may be answered either way, but only for as long as a refusal may take.
  const judged = due.filter((one) => one.done <= undone.at || one.due < undone.at - limits.refusal_p99_ms)
  const refused = judged.filter((one) => one.status === 503)
  const latency = latencyWithin(judged, 0.99, limits.refusal_p99_ms)

  const during = run.health.filter((sight) => sight.done < undone.at)
  const degraded = firstAfter(during, injectedAt, (sight) => sight.degraded === true)
  const success = firstAfter(run.data, undone.at, (sight) => sight.status === 200)
  const asked = run.health.filter((sight) => sight.at >= injectedAt && sight.at < end)
  const answered = asked.filter((sight) => sight.status === 200)

  const errors = errorsCounted(run, injectedAt, end)
  const logged = log.refusals.filter((time) => within(run, time, played.start, end)).length
  // By the moment of the answer: its log line was written before it.
  const answers = run.results.filter((one) => one.done >= played.start && one.done < end)
  const seen = answers.filter((one) => one.status === 503).length

  const expectations: Expectation[] = [
    row(
      'every data request answered 503',
      `${refused.length} of ${judged.length}`,
      judged.length > 0 && refused.length === judged.length,
    ),
    {
      phase: name,
      what: `503 within ${limits.refusal_p99_ms} ms (p99)`,
      ...pick(latency),
      limit: limits.refusal_p99_ms,
    },
    timely('/health degraded within', degraded, limits.degraded_within_ms),
    row(
      '/health answered throughout',
      `${answered.length} of ${asked.length}`,
      asked.length > 0 && answered.length === asked.length,
    ),
    timely('first success after recovery within', success, limits.recovered_within_ms),
    row('db_errors_total rose', errors === undefined ? 'not readable' : `by ${errors}`, (errors ?? 0) > 0, errors),
    row(
      'db_unavailable logged for every refusal',
      `${logged} lines, ${seen} seen`,
      logged > 0 && logged >= seen,
      logged,
    ),
  ]
  const doubts: string[] = []
  if (!undone.intact) doubts.push(`${phase.name}: somebody else ended the fault before its time (${undone.did}).`)
  if (latency.doubtful)
    doubts.push(`${phase.name}: the refusals were late, but so was this generator itself: the machine is too busy.`)
  return { expectations, doubts }

  function row(what: string, measured: string, met: boolean, value?: number): Expectation {
    return { phase: name, what, measured, met, value }
  }

  function timely(what: string, value: number | undefined, limit: number): Expectation {
    const measured = value === undefined ? 'never' : `${value.toFixed(0)} ms`
    return {
      phase: name,
      what: `${what} ${limit} ms`,
      measured,
      met: value !== undefined && value < limit,
      value,
      limit,
    }
  }
}

/** How far db_errors_total rose from the last reading before a moment to the last one before another. */
function errorsCounted({ metrics }: Run, from: number, to: number): number | undefined {
  const readable = metrics.filter((reading) => reading.db_errors_total !== undefined)
  const before = readable.findLast((reading) => reading.at <= from)?.db_errors_total
  const after = readable.findLast((reading) => reading.at <= to)?.db_errors_total
  return before === undefined || after === undefined ? undefined : after - before
}

/** Whether a moment of the API's log lies between two moments of clock.ts. */
function within({ wallZero }: Run, time: number, from: number, to: number): boolean {
  return time >= from + wallZero && time < to + wallZero
}
