import { enough, type Goal, type Load, percent, quantile } from './load.ts'

/** What k6 hands to handleSummary, as far as it is used here. `setup_data` is missing when setup gave up. */
export type Data = {
  metrics: Record<string, { values: Record<string, number> }>
  setup_data?: unknown
  state: { testRunDurationMs: number }
}

/** One scenario in figures; all latencies in milliseconds, `latency` is the one that the goal limits. */
type Measured = {
  requests: number
  failed: number
  dropped: number
  latency: number
  latency_ms: { p50: number; p95: number; p99: number; max: number }
}

/** One row of the table. `limit` and `measured` are in the unit that `what` names, `words` are for the reader. */
export type Row = { what: string; limit: number; measured: number; met: boolean; words: string }

/** A scenario judged. INVALID: the load was not the promised one, so the other rows prove nothing. */
export type Judgement = Measured & { rate: number; rows: Row[]; verdict: 'PASS' | 'FAIL' | 'INVALID'; reason: string }

/** Judges what k6 counted of one scenario. */
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
  const tooFew = requests < Math.floor(load.requests * enough)
  const generator = {
    what: 'every request was sent',
    limit: load.requests,
    measured: requests,
    met: dropped === 0 && !tooFew,
    words: tooFew && dropped === 0 ? `${requests} of ${load.requests}` : `${requests} sent, ${dropped} dropped`,
  }
  const missed = api.filter((row) => !row.met).map((row) => row.what)
  const rows = [...api, generator]
  // A run that was cut short had less time.
  const seconds = Math.min(load.seconds, data.state.testRunDurationMs / 1000)
  const rate = Math.round((requests / seconds) * 10) / 10
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
