import type { Journal, JudgedExpectation } from '../runs/journal.ts'
import { phaseFigures } from '../runs/phase-figures.ts'
import { type Html, html } from './html.ts'
import { number, percent } from './numbers.ts'

/** A table that scrolls by itself where the screen is narrow; every column but the first holds numbers. `over`: names of so many columns. */
export function numbersTable(heads: string[], rows: (string | number)[][], over: [string, number][] = []): Html {
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

export function phases(journal: Journal): Html {
  const rows = phaseFigures(journal).map((one) => [
    one.name,
    number(one.seconds),
    number(one.rate),
    percent(one.error_ratio),
    number(one.p50_ms),
    number(one.p95_ms),
    number(one.p99_ms),
    number(one.server_p95_ms),
    number(one.event_loop_delay_ms),
    number(one.db_errors),
  ])
  return html`<h2>Phase by phase</h2>
<p class="says">Latencies are the middle one (median) of the phase's seconds, in milliseconds.</p>
${numbersTable(['phase', 'seconds', 'asked/s', 'failed', 'p50', 'p95', 'p99', 'p95 server', 'loop delay', 'db_errors'], rows)}`
}

export function expectations({ expectations }: Journal): Html {
  const rows = expectations.map((one, i) => [
    one.phase !== expectations[i - 1]?.phase &&
      html`<tr class="group"><th colspan="4" scope="colgroup">${one.phase}</th></tr>`,
    expectation(one),
  ])
  return html`<h2>Expected and measured</h2>
<div class="scroll"><table><thead><tr><th scope="col">what</th><th scope="col">expected</th><th scope="col">measured</th><th scope="col">met</th></tr></thead>
<tbody>${rows}</tbody></table></div>`
}

const signs: Record<string, string> = { '<': 'below', '<=': 'at most', '=': '', '>=': 'at least', '>': 'above' }

function expectation({ what, why, compare, limit, unit, measured, met }: JudgedExpectation): Html {
  return html`<tr class="above"><td>${what}</td><td>${signs[compare] ?? compare} ${limit} ${unit}</td>
<td>${measured}</td><td class="${met ? 'yes' : 'no'}">${met ? 'yes' : 'NO'}</td></tr>
<tr><td colspan="4" class="why">${why}</td></tr>
`
}

/** Guess beside measurement; nothing when nobody guessed. */
export function predictions({ predictions }: Journal): Html | false {
  if (predictions.length === 0) return false
  return html`<h2>Predicted and measured</h2>
<div class="scroll"><table><thead><tr><th scope="col">question</th><th scope="col">guess</th><th scope="col">measured</th></tr></thead>
<tbody>${predictions.map(
    ({ question, unit, guess, measured }) =>
      html`<tr><td>${question}</td><td>${guess} ${unit}</td><td>${measured} ${unit}</td></tr>`,
  )}</tbody></table></div>`
}
