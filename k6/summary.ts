import exec from 'k6/execution'
import { classes } from './api.ts'
import { enough, type Goal, type Load, options, percent, quantile, thresholds } from './load.ts'

/** What k6 hands to handleSummary, as far as it is used here. `setup_data` is missing when setup gave up. */
export type Data = { metrics: Record<string, { values: Record<string, number> }>; setup_data?: unknown }

/** One scenario in figures; all latencies in milliseconds, `latency` is the one that the goal limits. */
type Measured = {
  requests: number
  failed: number
  dropped: number
  latency: number
  latency_ms: { p50: number; p95: number; p99: number; max: number }
}

/** One row of the table. `limit` and `measured` are in the unit that `what` names, `words` are for the reader. */
type Row = { what: string; limit: number; measured: number; met: boolean; words: string }

/** A scenario judged. INVALID: the load was not the promised one, so the other rows prove nothing. */
export type Judgement = Measured & { rate: number; rows: Row[]; verdict: 'PASS' | 'FAIL' | 'INVALID'; reason: string }

/** The options of a script with one scenario, which bears its name, and the summary at its end. */
export function judged(script: string, goal: Goal, load: Load) {
  return {
    options: options({ [script]: load.scenario }, thresholds(script, load.requests, goal), goal),
    handleSummary: (data: Data) => {
      const found = judge(data, script, goal, load)
      return summary(data, script, found, [`${script}: ${load.words}`, '', ...table(found.rows)])
    },
  }
}

export function judge(data: Data, scenario: string, goal: Goal, load: Load): Judgement {
  const found = measure(data, scenario, goal)
  const { requests, failed, dropped, latency } = found
  const ratio = requests > 0 ? failed / requests : 1
  const api = [
    {
      what: `p${percent(goal.quantile)} < ${goal.latency_ms} ms`,
      limit: goal.latency_ms,
      measured: latency,
      met: requests > 0 && latency < goal.latency_ms,
      words: `${latency.toFixed(1)} ms`,
    },
    {
      what: `errors < ${percent(goal.error_ratio)} %`,
      limit: percent(goal.error_ratio),
      measured: percent(ratio),
      met: ratio < goal.error_ratio,
      words: `${(ratio * 100).toFixed(2)} % (${failed} of ${requests})`,
    },
  ]
  const generator = {
    what: 'every request was sent',
    limit: load.requests,
    measured: requests,
    met: dropped === 0 && requests >= Math.floor(load.requests * enough),
    words: `${requests} sent, ${dropped} dropped`,
  }
  const missed = api.filter((row) => !row.met).map((row) => row.what)
  const rows = [...api, generator]
  const rate = Math.round((requests / load.seconds) * 10) / 10
  if (!generator.met) return { ...found, rate, rows, verdict: 'INVALID', reason: whyInvalid(found, load) }
  if (missed.length > 0)
    return { ...found, rate, rows, verdict: 'FAIL', reason: `the API missed its goal: ${missed.join(', ')}.` }
  return { ...found, rate, rows, verdict: 'PASS', reason: 'the API met its goal under this load.' }
}

function measure({ metrics }: Data, scenario: string, goal: Goal): Measured {
  const of = (metric: string, value: string) => metrics[`${metric}{scenario:${scenario}}`]?.values[value] ?? 0
  const ms = (value: string) => Math.round(of('http_req_duration', value) * 100) / 100
  return {
    requests: of('http_reqs', 'count'),
    failed: of('http_req_failed', 'passes'),
    dropped: of('dropped_iterations', 'count'),
    latency: of('http_req_duration', quantile(goal)),
    latency_ms: { p50: ms('p(50)'), p95: ms('p(95)'), p99: ms('p(99)'), max: ms('max') },
  }
}

function whyInvalid({ requests, dropped, latency_ms }: Measured, load: Load): string {
  if (dropped === 0)
    return `only ${requests} of ${load.requests} requests were sent: the run was cut short, or the machine is too busy to send more.`
  const stalled =
    latency_ms.max < 1000
      ? ''
      : ` Some waited ${(latency_ms.max / 1000).toFixed(1)} s for their answer: look whether the API stalled.`
  return `the generator, not the API, was the limit: ${dropped} requests were due and could not be sent, so this run proves nothing. Close other programs or lower the rate, and run it again.${stalled}`
}

export function summary(data: Data, script: string, found: Judgement, lines: string[], more: object = {}) {
  // Setup has said why there was no load.
  if (!data.setup_data) return {}
  const { rows, latency, reason, latency_ms, ...figures } = found
  const answers = classes.map((name) => [data.metrics[`answers{class:${name}}`]?.values.count ?? 0, name] as const)
  const text = [
    ...lines,
    '',
    `rate reached  ${found.rate} requests/s`,
    `answers       ${
      answers
        .filter(([count]) => count > 0)
        .map(([count, name]) => `${count} with ${name}`)
        .join(', ') || 'none'
    }`,
    `latency       p50 ${latency_ms.p50} ms, p95 ${latency_ms.p95} ms, p99 ${latency_ms.p99} ms, max ${latency_ms.max} ms`,
    '',
    ...wrap(`${found.verdict}: ${reason}`),
  ]
  const testid = exec.test.options.tags?.testid
  const goals = rows.map(({ words, ...row }) => row)
  const json = { schema: 1, script, testid, goals, ...figures, latency_ms, ...more }
  const files: Record<string, string> = { stdout: `\n${text.map((line) => `  ${line}`.trimEnd()).join('\n')}\n\n` }
  if (__ENV.RUN_DIR) files[`${__ENV.RUN_DIR}/summary.json`] = `${JSON.stringify(json, null, 2)}\n`
  return files
}

function table(rows: Row[]): string[] {
  const line = (what: string, words: string, met: string) => `${what.padEnd(26)}${words.padEnd(24)}${met}`
  return [line('goal', 'measured', 'met'), ...rows.map((row) => line(row.what, row.words, row.met ? 'yes' : 'NO'))]
}

/** Breaks a text into lines that fit a narrow terminal. */
function wrap(text: string): string[] {
  return (text.match(/.{1,74}(?: |$)/g) ?? []).map((line) => line.trimEnd())
}
