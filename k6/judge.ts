import exec from 'k6/execution'
import { isMet, limitsOf, loadProblems, mayBeOwn, percent, type Verdict, verdictOf } from '../lab/src/load/goal.ts'
import { classes } from './api.ts'
import { type Goal, type Load, options, quantile, thresholds } from './load.ts'

/** What k6 passes to handleSummary, as far as it is used here. `setup_data` is missing when setup gave up. */
export type Data = {
  metrics: Record<string, { values: Record<string, number> }>
  setup_data?: unknown
  state: { testRunDurationMs: number }
}

/** One row of the table. `limit` and `measured` are in the unit that `what` names, `words` are for the reader. */
type Row = { what: string; limit: number; measured: number; met: boolean; words: string }

/** A load, judged. `latency` is the quantile that the goal limits; latencies in milliseconds from the moment of due. */
export type Judgement = {
  requests: number
  failed: number
  dropped: number
  rate: number
  latency: number
  latency_ms: { p50: number; p95: number; p99: number; max: number }
  rows: Row[]
  verdict: Verdict
  /** Why it is not PASS, one sentence each. */
  reasons: string[]
}

/** Judges what k6 counted, of one scenario when `tag` names it. */
export function judge(data: Data, goal: Goal, load: Pick<Load, 'requests' | 'seconds'>, tag = ''): Judgement {
  const of = (metric: string, value: string) => data.metrics[metric + tag]?.values[value] ?? 0
  const at = quantile(goal)
  const latency = of('latency_from_due', at)
  const dropped = of('dropped_iterations', 'count')
  const sent = of('failed_requests', 'passes') + of('failed_requests', 'fails')
  const failed = of('failed_requests', 'passes') + dropped
  const due = sent + dropped
  const percentFailed = due > 0 ? (100 * failed) / due : 100

  const rows = limitsOf(goal).map(({ measure, compare, limit, unit }) => {
    const measured = measure === 'errors' ? percentFailed : latency
    const words =
      measure === 'errors' ? `${percentFailed.toFixed(2)} % (${failed} of ${due})` : `${latency.toFixed(1)} ms`
    const name = measure === 'errors' ? measure : `p${percent(goal.quantile)}`
    const met = due > 0 && isMet[compare](measured, limit)
    return { what: `${name} ${compare} ${limit} ${unit}`, limit, measured, met, words }
  })
  const missed = rows.filter(({ met }) => !met).map(({ what, words }) => `The API missed ${what}: ${words}.`)

  const sending = { planned: load.requests, sent, dropped, lag_p99_ms: of('generator_lag', 'p(99)') }
  const problems = loadProblems(sending, goal.latency_ms)
  const own = { latency_ms: latency, from_sent_ms: of('latency_from_sent', at), lag_ms: of('generator_lag', at) }
  if (problems.length === 0 && mayBeOwn(own, goal.latency_ms))
    problems.push('The latency was missed because the generator was late itself: the machine is too busy.')
  rows.push({
    what: 'every request was sent',
    limit: load.requests,
    measured: sent,
    met: problems.length === 0,
    words: `${sent} of ${load.requests}, ${dropped} dropped`,
  })

  // A run that was cut short had less time.
  const seconds = Math.min(load.seconds, data.state.testRunDurationMs / 1000)
  const ms = (value: string) => Math.round(of('latency_from_due', value) * 100) / 100
  return {
    requests: sent,
    failed,
    dropped,
    rate: Math.round((sent / seconds) * 10) / 10,
    latency,
    latency_ms: { p50: ms('p(50)'), p95: ms('p(95)'), p99: ms('p(99)'), max: ms('max') },
    rows,
    verdict: verdictOf(problems, missed),
    reasons: [...problems, ...missed],
  }
}

/** The options of a script with one load, and the summary at its end. */
export function judged(script: string, goal: Goal, load: Load) {
  return {
    options: options(load.scenarios, thresholds(goal, load.requests), goal),
    handleSummary: (data: Data) => {
      const found = judge(data, goal, load)
      const { p50, p95, p99, max } = found.latency_ms
      return summary(data, script, found, [
        `${script}: ${load.words}`,
        '',
        ...table(found.rows),
        '',
        `rate reached  ${found.rate} requests/s`,
        `answers       ${answers(data)}`,
        `latency       p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, max ${max} ms`,
      ])
    },
  }
}

/**
 * What k6 prints in place of its own summary and, when RUN_DIR names a folder, writes to summary.json in it: schema,
 * script, testid, goals [{what, limit, measured, met}], rate (requests/s), requests, failed, dropped,
 * latency_ms {p50, p95, p99, max}, verdict, reasons, and `more`.
 */
export function summary(data: Data, script: string, found: Judgement, lines: string[], more: object = {}) {
  // Setup has said why there was no load.
  if (!data.setup_data) return {}
  const { rows, reasons, rate, requests, failed, dropped, latency_ms, verdict } = found
  const text = [...lines, '', verdict, ...reasons.flatMap((reason) => wrap(reason))]
  const testid = exec.test.options.tags?.testid
  const goals = rows.map(({ words, ...row }) => row)
  const json = { schema: 1, script, testid, goals, rate, requests, failed, dropped, latency_ms, verdict, reasons }
  const files: Record<string, string> = { stdout: `\n${text.map((line) => `  ${line}`.trimEnd()).join('\n')}\n\n` }
  if (__ENV.RUN_DIR) files[`${__ENV.RUN_DIR}/summary.json`] = `${JSON.stringify({ ...json, ...more }, null, 2)}\n`
  return files
}

function answers({ metrics }: Data): string {
  const counts = classes.map((name) => ({ name, count: metrics[`answers{class:${name}}`]?.values.count ?? 0 }))
  const words = counts.map(({ name, count }) => (name === 'none' ? `${count} unanswered` : `${count} with ${name}`))
  return words.filter((_, i) => counts[i]?.count).join(', ') || 'none'
}

function table(rows: Row[]): string[] {
  const line = (what: string, words: string, met: string) => `${what.padEnd(26)}${words.padEnd(30)}${met}`
  return [line('goal', 'measured', 'met'), ...rows.map((row) => line(row.what, row.words, row.met ? 'yes' : 'NO'))]
}

/** Breaks a text into lines that fit a narrow terminal. */
function wrap(text: string): string[] {
  return (text.match(/.{1,74}(?: |$)/g) ?? []).map((line) => line.trimEnd())
}
