import { z } from 'zod'
import type { SecondRow } from '../runs/journal.ts'
import type { Note } from '../runs/session-db.ts'

/** What k6/summary.ts writes of a load, as far as a session needs it. */
export const k6Summary = z.object({
  script: z.string(),
  goals: z.array(
    z.object({ what: z.string(), limit: z.number(), measured: z.number(), met: z.boolean(), words: z.string() }),
  ),
  rate: z.number(),
  requests: z.number(),
  failed: z.number(),
  dropped: z.number(),
  latency_ms: z.object({ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() }),
  verdict: z.enum(['PASS', 'FAIL', 'INVALID']),
  reasons: z.array(z.string()),
})
export type K6Summary = z.infer<typeof k6Summary>

// k6 writes into Prometheus once a second; over three seconds there are always two values.
const perSecond = (metric: string, labels = '') => `sum(rate(k6_${metric}{scenario!=""${labels}}[3s]))`
// The rule takes five seconds: with the offset, both have the second in their middle.
const quantile = (share: number) => `1000 * histogram_quantile(${share}, client:latency_seconds:rate5s offset -1s) >= 0`
export const queries = [
  perSecond('http_reqs_total'),
  perSecond('http_reqs_total', ',expected_response="false"'),
  perSecond('dropped_iterations_total'),
  ...[0.5, 0.95, 0.99].map(quantile),
]

/** Puts into the seconds of a session what the clients of k6 met, from the series that k6 has written into Prometheus. */
export async function addK6Seconds(notes: Note[], prometheus: string): Promise<void> {
  const rows = notes.filter(({ kind, data }) => kind === 'second' && /^k6 /.test((data as SecondRow).phase))
  const [first, last] = [rows[0], rows.at(-1)]
  if (!first || !last) return
  // The end of the three seconds around a second.
  const endOf = ({ at }: Note) => at / 1000 + 2
  const span = { start: `${endOf(first)}`, end: `${endOf(last)}`, step: '1' }
  async function read(query: string): Promise<Map<number, number>> {
    const url = `${prometheus}/api/v1/query_range?${new URLSearchParams({ query, ...span })}`
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) })
    const { data } = (await answer.json()) as { data: { result: { values: [number, string][] }[] } }
    return new Map(data.result[0]?.values.map(([at, value]) => [at, Math.round(Number(value) * 100) / 100]))
  }
  try {
    const [rates, failures, drops, p50, p95, p99] = await Promise.all(queries.map(read))
    for (const row of rows) {
      const end = endOf(row)
      const rate = rates?.get(end)
      if (rate === undefined) continue
      const [failed, dropped] = [failures?.get(end) ?? 0, drops?.get(end) ?? 0]
      const latencies = { p50_ms: p50?.get(end) ?? null, p95_ms: p95?.get(end) ?? null, p99_ms: p99?.get(end) ?? null }
      const error_ratio = rate + dropped > 0 ? (failed + dropped) / (rate + dropped) : null
      Object.assign(row.data as object, { rate, error_ratio, dropped, ...latencies })
    }
  } catch {
    // Without Prometheus these seconds are what the lab's probe saw; the summary of k6 is there in any case.
  }
}
