import { median } from '../anomalies/detect.ts'
import type { TradeoffJournal } from '../runs/tradeoff-journal.ts'
import { type ChartData, chartData, figure } from './charts.ts'
import { type Html, html } from './html.ts'
import { again, noCharts, pageHtml } from './report.ts'
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

type Variant = Omit<TradeoffJournal['variants'][number], 'name'>

/** `JOURNAL_MODE=wal`. */
export function settingsInWords({ settings, postgres, processes = 1 }: Variant): string {
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

/** The lines of a run's charts that are compared, each in a chart of its own. */
const shown = [
  ['traffic', 'succeeded'],
  ['latency', 'p50'],
  ['latency', 'p95'],
  ['sides', 'event loop delay'],
] as const

function tradeoffCharts({ plays, variants }: TradeoffJournal): ChartData {
  const played = plays.map(({ variant, journal }) => ({ variant, ...chartData(journal) }))
  const [first = { ...noCharts, variant: '' }] = played
  const valuesOf = ({ charts }: ChartData, id: string, name: string) =>
    charts.find((one) => one.id === id)?.lines.find((one) => one.name === name)?.values
  const charts = shown.flatMap(([id, line], i) => {
    const lines = variants.map(({ name }) => {
      const rounds = played.filter(({ variant }) => variant === name).map((one) => valuesOf(one, id, line))
      // Of no value at all it is NaN, which JSON writes as null.
      const values = first.seconds.map((_, second) => median(rounds.flatMap((values) => values?.[second] ?? [])))
      return { name, values }
    })
    const chart = first.charts.find((one) => one.id === id)
    return chart ? { ...chart, id: `compared-${i}`, title: `${chart.title}: ${line}`, lines } : []
  })
  return { ...first, charts }
}
