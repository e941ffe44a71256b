import { median } from '../anomalies/detect.ts'
import type { ComparedMeasure, TradeoffJournal } from '../runs/tradeoff-journal.ts'
import { type ChartData, chartData, figure } from './charts.ts'
import { type Html, html, number } from './html.ts'
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
<p class="says">The median of ${rounds} rounds, each on a fresh API. A round is a pair: the first variant and another one. A difference
counts when all pairs agree, the closest pair is further apart than any two rounds of one variant, and it is at least a tenth.
${journal.capacity && `All loads are relative to what this API could do at most, measured before each round; before the last one ${number(journal.capacity)} requests a second.`}</p>
${comparedTable(journal)}
<h2>What happened</h2>
<p>All charts share one time axis. Each line is one variant: the median of its rounds at that second.</p>
${data.charts.map(figure)}
${first && again({ ...first, again: journal.again })}`
  return pageHtml(`${verdict}: ${tradeoff}`, body, data)
}

/** Whether it came out as expected. Noise shows no difference, but does not show either that there is none: 'not refuted'. */
export function metWords(pairs: Pick<ComparedMeasure, 'met' | 'contrast'>[]): 'yes' | 'not refuted' | 'unclear' | 'NO' {
  if (pairs.some(({ met }) => met === 'no')) return 'NO'
  if (pairs.some(({ met }) => met === 'unclear')) return 'unclear'
  return pairs.some(({ contrast }) => contrast?.found === 'unclear') ? 'not refuted' : 'yes'
}

/** What the verdict means. */
export function comparisonWords({ verdict, compared }: Pick<TradeoffJournal, 'verdict' | 'compared'>): string {
  const count = (words: string) => compared.filter((one) => metWords([one]) === words).length
  const share = `${count('yes')} of ${compared.length} measures came out as expected, ${count('not refuted')} were not refuted.`
  if (verdict === 'PASS') return `every expected difference was seen, and nothing against the rest: ${share}`
  if (verdict === 'FAIL') return `an expected difference was not there, or it was the opposite: ${share}`
  return `noise hides the answer, or a round proves nothing: ${share} Run it again.`
}

type Variant = Omit<TradeoffJournal['variants'][number], 'name'>

/** `JOURNAL_MODE=wal`. */
export function settingsInWords({ settings, clients, postgres, processes = 1 }: Variant): string {
  const words = Object.entries(settings).map((one) => one.join('='))
  if (clients) {
    const parts = ['backoff', 'budget', 'breaker'].filter((part) => part in clients)
    words.push(`clients with up to ${clients.attempts} attempts`, ...parts)
  }
  if (postgres) words.push('a PostgreSQL')
  if (processes > 1) words.push(`${processes} processes`)
  return words.join(', ') || 'the usual settings'
}

/**
 * The rows of a table, one a measure: the value of each variant, and of two variants their difference. `pairs`: the first
 * variant beside each of the others.
 */
export function comparedRows({ compared, variants }: Pick<TradeoffJournal, 'compared' | 'variants'>) {
  const names = variants.map(({ name }) => name)
  const others = names.length - 1
  const rows = Array.from({ length: compared.length / others }, (_, i) => {
    const pairs = compared.slice(i * others, (i + 1) * others)
    const [{ phase, title, words, why }] = pairs as [ComparedMeasure]
    const cells = [words[0], ...pairs.map((one) => one.words[1]), ...(others === 1 ? [words[2]] : [])]
    return { phase, title, why, cells, pairs }
  })
  return { heads: [...names, ...(others === 1 ? [`${names[1]} − ${names[0]}`] : [])], rows }
}

function comparedTable(journal: TradeoffJournal): Html {
  const { heads, rows } = comparedRows(journal)
  const columns = heads.length + 2
  const body = rows.map(({ phase, title, why, cells, pairs }, i) => {
    const met = metWords(pairs)
    const says = pairs.map((one) => `${one.says} Expected to be better: ${one.better}.`).join(' ')
    return html`${
      phase !== rows[i - 1]?.phase &&
      html`<tr class="group"><th colspan="${columns}" scope="colgroup">${phase}</th></tr>`
    }<tr class="above"><td>${title}</td>${cells.map((cell) => html`<td>${cell}</td>`)}<td class="${['yes', 'not refuted'].includes(met) ? 'yes' : 'no'}">${met}</td></tr>
<tr><td colspan="${columns}" class="why">${says} Why: ${why}.</td></tr>
`
  })
  return table(['measure', ...heads, 'as expected'], body)
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
