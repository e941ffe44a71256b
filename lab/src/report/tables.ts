import { median } from '../anomalies/z-score.ts'
import type { Journal, JudgedExpectation, MetricsEvent } from '../runs/journal.ts'
import { glossary } from './glossary.ts'
import { type Html, html, number, percent, type Value } from './html.ts'
import { offBy } from './story.ts'

/** A word with a link to its meaning at the end of the page. */
export function word(text: string, id: string): Html {
  return html`<a class="word" href="#word-${id}">${text}</a>`
}

/** All words and their meanings. */
export function words(): Html {
  return html`<h2>Words</h2>
<dl>${glossary.map(
    ({ id, word, meaning }) => html`<dt id="word-${id}">${word}</dt><dd>${meaning}</dd>
`,
  )}</dl>`
}

/** A table that scrolls by itself where the screen is narrow; every column but the first holds numbers. `over`: names of so many columns. */
export function numbersTable(heads: Value[], rows: Value[][], over: [string, number][] = []): Html {
  return html`<div class="scroll"><table><thead>
${over.length > 0 && html`<tr>${over.map(([name, span]) => html`<th colspan="${span}" class="over">${name}</th>`)}</tr>`}
<tr>${heads.map((head, i) => html`<th scope="col" class="${i > 0 && 'number'}">${head}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([
      name,
      ...cells
    ]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`
}

/** The figures of a phase, for the report (`head`) and for `make compare` (`title`); `id`: the word that explains it. */
export type PhaseRow = Record<PhaseColumn, number | null> & { name: string; seconds: number }
export type PhaseColumn = (typeof phaseColumns)[number]['column']

export const phaseColumns = [
  { column: 'due', title: 'due', head: 'due', id: 'due', write: number },
  { column: 'answered', title: 'answered', head: 'answered', id: 'due', write: number },
  { column: 'failed', title: 'failed', head: 'failed', id: 'error-ratio', write: number },
  { column: 'error_ratio', title: 'failed %', head: '%', id: 'error-ratio', write: percent },
  { column: 'p50_ms', title: 'p50 ms', head: 'p50', id: 'p95', write: number },
  { column: 'p95_ms', title: 'p95 ms', head: 'p95', id: 'p95', write: number },
  { column: 'p99_ms', title: 'p99 ms', head: 'p99', id: 'p95', write: number },
  { column: 'max_ms', title: 'slowest ms', head: 'slowest', id: 'p95', write: number },
  { column: 'server_p95_ms', title: 'server p95 ms', head: 'p95 ms', id: 'p95', write: number },
  { column: 'event_loop_delay_ms', title: 'loop delay ms', head: 'loop ms', id: 'event-loop', write: number },
  { column: 'db_errors', title: 'db_errors', head: 'db_errors', id: 'db-available', write: number },
] as const
const overColumns: [string, number][] = [
  ['', 2],
  ['requests', 4],
  ['latency, ms', 4],
  ['said by the API', 3],
]

/**
 * The client's figures of each phase, computed from its single requests, beside those of the server, which only exist by
 * the second: of the last three the first two are medians and the third is a sum. null: not measured.
 */
export function phaseRows({ happened, seconds }: Journal): PhaseRow[] {
  const unknown = { due: null, answered: null, failed: null, error_ratio: null }
  const noLatency = { p50_ms: null, p95_ms: null, p99_ms: null, max_ms: null }
  return happened.phases.map(({ name, start_ms, end_ms, figures }) => {
    // A second belongs to the phase in which its middle lies.
    const within = seconds.filter(({ second }) => second * 1000 + 500 >= start_ms && second * 1000 + 500 < end_ms)
    const all = (column: keyof MetricsEvent) =>
      within.map((one) => one[column]).filter((one) => typeof one === 'number')
    const middle = (column: keyof MetricsEvent) => (all(column).length > 0 ? median(all(column)) : null)
    return {
      ...unknown,
      ...noLatency,
      ...figures,
      name,
      seconds: (end_ms - start_ms) / 1000,
      server_p95_ms: middle('server_p95_ms'),
      event_loop_delay_ms: middle('event_loop_delay_ms'),
      db_errors: all('db_errors').length > 0 ? all('db_errors').reduce((sum, one) => sum + one) : null,
    }
  })
}

export function phases(journal: Journal): Html {
  const heads = phaseColumns.map(({ head, id }) => word(head, id))
  const rows = phaseRows(journal).map((row) => [
    row.name,
    number(row.seconds),
    ...phaseColumns.map(({ column, write }) => write(row[column])),
  ])
  return html`<h2>Phase by phase</h2>
<p class="says">Requests and latency were counted by the client, over all requests by which the
phase was judged: in an outage those that were due while it was felt.</p>
${numbersTable(['phase', 'seconds', ...heads], rows, overColumns)}`
}

export function expectations({ expectations }: Journal): Html {
  const rows = expectations.map((one, i) => [
    one.phase !== expectations[i - 1]?.phase &&
      html`<tr class="group"><th colspan="3" scope="colgroup">${one.phase}</th></tr>`,
    expectation(one),
  ])
  return html`<h2>Expected and measured</h2>
<div class="scroll"><table><thead><tr><th scope="col">expected</th><th scope="col">measured</th><th scope="col">met</th></tr></thead>
<tbody>${rows}</tbody></table></div>`
}

function expectation({ what, why, measured, met }: JudgedExpectation): Html {
  return html`<tr class="above"><td>${what}</td><td>${measured}</td><td class="${met ? 'yes' : 'no'}">${met ? 'yes' : 'NO'}</td></tr>
<tr><td colspan="3" class="why">${why}</td></tr>
`
}

/** Guess beside measurement; nothing without guesses. */
export function predictions({ predictions }: Journal): Html | false {
  if (predictions.length === 0) return false
  const rows = predictions.map(
    (
      one,
    ) => html`<tr class="${one.why && 'above'}"><td>${one.question}</td><td>${one.guess} ${one.guess !== '?' && one.unit}</td>
<td>${one.measured}</td><td>${offBy(one)}</td></tr>
${one.why && html`<tr><td colspan="4" class="why">${one.why}</td></tr>`}
`,
  )
  return html`<h2>Predicted and measured</h2>
<div class="scroll"><table><thead><tr><th scope="col">question</th><th scope="col">guess</th><th scope="col">measured</th><th scope="col">off by</th></tr></thead>
<tbody>${rows}</tbody></table></div>`
}
