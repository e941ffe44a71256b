import { median } from '../anomalies/detect.ts'
import type { MetricsEvent } from '../runs/journal.ts'
import type { TradeoffJournal } from '../runs/tradeoff-journal.ts'
import { type Chart, type ChartData, chartData, figure } from './charts.ts'
import { type Html, html } from './html.ts'
import { again, pageHtml } from './report.ts'
import { table, word } from './tables.ts'

/** The report of a comparison: both variants in the same charts, second by second the median of the rounds. */
export function tradeoffHtml(journal: TradeoffJournal): string {
  const data = tradeoffCharts(journal)
  const { tradeoff, question, verdict, reasons, decision, unmeasured, variants, rounds } = journal
  const first = journal.plays[0]?.journal
  const body = html`<header>
<p class="quiet">${tradeoff} · ${first?.mode} · ${first?.started} · ${rounds} rounds</p>
<h1>${question}</h1>
<div class="verdict ${verdict.toLowerCase()}"><p><strong>${word(verdict, verdict === 'INVALID' ? 'invalid' : 'verdict')}</strong> ${comparisonWords(journal)}</p>
${reasons.length > 0 && html`<ul>${reasons.map((one) => html`<li>${one}</li>`)}</ul>`}</div>
</header>
<section class="pair">
<div><h3>The variants</h3><ul>${variants.map((one) => html`<li><strong>${one.name}</strong>: <code>${settingsInWords(one)}</code></li>`)}</ul>
<h3>The decision</h3><p>${decision}</p></div>
<div><h3>What no number here shows</h3><p>${unmeasured}</p></div>
</section>
<h2>Compared</h2>
<p class="says">The median of ${rounds} rounds, each on a fresh API, and the difference of the pairs with its smallest and largest
value. It counts when all pairs agree, the closest pair is further apart than any two rounds of one variant, and it is at
least a tenth.</p>
${comparedTable(journal)}
<h2>What happened</h2>
<p>All charts share one time axis. Each line is one variant: the median of its rounds at that second.</p>
${data.charts.map(figure)}
${first && again({ ...first, again: journal.again })}`
  return pageHtml(`${verdict}: ${tradeoff}`, body, data)
}

/** What the verdict means. */
export function comparisonWords({ verdict, compared }: Pick<TradeoffJournal, 'verdict' | 'compared'>): string {
  const share = `${compared.filter(({ met }) => met === 'yes').length} of ${compared.length} measures came out as expected.`
  if (verdict === 'PASS') return `every expected difference was seen: ${share}`
  if (verdict === 'FAIL') return `an expected difference was not there, or it was the opposite: ${share}`
  return `noise hides the answer, or a round proves nothing: ${share} Run it again.`
}

/** `JOURNAL_MODE=wal`. */
export function settingsInWords({ settings, postgres, processes = 1 }: TradeoffJournal['variants'][number]): string {
  const words = Object.entries(settings).map((one) => one.join('='))
  if (postgres) words.push('a PostgreSQL')
  if (processes > 1) words.push(`${processes} processes`)
  return words.join(', ') || 'the usual settings'
}

function comparedTable({ compared, variants }: TradeoffJournal): Html {
  const rows = compared.map(
    (one, i) => html`${
      one.phase !== compared[i - 1]?.phase &&
      html`<tr class="group"><th colspan="5" scope="colgroup">${one.phase}</th></tr>`
    }<tr class="above"><td>${one.title}</td>${one.words.map((cell) => html`<td>${cell}</td>`)}<td class="${one.met === 'yes' ? 'yes' : 'no'}">${one.met === 'no' ? 'NO' : one.met}</td></tr>
<tr><td colspan="5" class="why">${one.says} Expected to be better: ${one.better}, because ${one.why}.</td></tr>
`,
  )
  return table(['measure', ...variants.map(({ name }) => name), 'difference', 'as expected'], rows)
}

type Series = Pick<Chart, 'title' | 'unit' | 'says' | 'scale'> & {
  of: (second: MetricsEvent) => number | null | undefined
}

const series: Record<string, Series> = {
  succeeded: {
    title: 'Requests that succeeded',
    unit: 'per second',
    says: 'Answered with a 2xx, counted in the second in which they were due.',
    scale: 'linear',
    of: ({ rate, error_ratio }) => (error_ratio === null ? null : rate * (1 - error_ratio)),
  },
  p50: {
    title: 'Latency p50, as the clients saw it',
    unit: 'ms, each step ten times the last',
    says: 'Half of all answers were faster, refusals included.',
    scale: 'log',
    of: ({ p50_ms }) => p50_ms,
  },
  p95: {
    title: 'Latency p95, as the clients saw it',
    unit: 'ms, each step ten times the last',
    says: '95 of 100 answers were faster, refusals included.',
    scale: 'log',
    of: ({ p95_ms }) => p95_ms,
  },
  delay: {
    title: 'Event loop delay',
    unit: 'ms, each step ten times the last',
    says: 'By how much a timer of the API was late: while one call waits or works, no other request is read.',
    scale: 'log',
    of: ({ event_loop_delay_ms }) => event_loop_delay_ms,
  },
  memory: {
    title: 'Memory of the API',
    unit: 'MB',
    says: 'What its process holds.',
    scale: 'linear',
    of: ({ memory_mb }) => memory_mb,
  },
}

function tradeoffCharts({ plays, variants }: TradeoffJournal): ChartData {
  const first = plays[0]?.journal
  if (first === undefined) return { seconds: [], phases: [], bands: [], charts: [] }
  const { seconds, phases, bands } = chartData(first)
  const charts = Object.entries(series).map(([id, { of, ...chart }]) => {
    const lines = variants.map(({ name }) => {
      const played = plays.filter(({ variant }) => variant === name).map(({ journal }) => journal.seconds)
      const at = (second: number) => played.flatMap((all) => (all[second] && of(all[second])) ?? [])
      return { name, values: seconds.map((second) => (at(second).length > 0 ? median(at(second)) : null)) }
    })
    return { id, ...chart, lines }
  })
  return { seconds, phases, bands, charts }
}
