import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaults, median, type Tuning } from '../anomalies/detect.ts'
import { graceS, gradeDetectors, troublesIn } from '../anomalies/grade.ts'
import type { Journal, SecondRow } from '../runs/journal.ts'
import { type Html, html, number, percent, type Value } from './html.ts'
import { offBy } from './story.ts'

/** A word with a link to its meaning at the end of the page. */
export function word(text: string, id: string): Html {
  return html`<a class="word" href="#word-${id}">${text}</a>`
}

/** All words of docs/glossary.md and their meanings. */
export function glossary(): { id: string; word: string; meaning: string }[] {
  const file = readFileSync(join(import.meta.dirname, '../../../docs/glossary.md'), 'utf8')
  const found = file.matchAll(/^<a id="(?<id>.+?)"><\/a>\*\*(?<word>.+?)\*\*: (?<meaning>.+)$/gm)
  // Its emphasis is for Markdown only.
  const plain = (text: string) => text.replaceAll('*', '')
  return [...found].map(({ groups: { id = '', word = '', meaning = '' } = {} }) => ({
    id,
    word,
    meaning: plain(meaning),
  }))
}

export function words(): Html {
  const entries = glossary().map(
    ({ id, word, meaning }) => html`<dt id="word-${id}">${word}</dt><dd>${meaning}</dd>
`,
  )
  return html`<h2>Words</h2>
<dl>${entries}</dl>`
}

/** A table that scrolls by itself where the screen is narrow. */
export function table(heads: Value[], body: Value, kind = ''): Html {
  return html`<div class="scroll"><table class="${kind}"><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${body}</tbody></table></div>`
}

/** Every column but the first holds numbers. */
export function numbersTable(heads: Value[], rows: string[][]): Html {
  const body = rows.map(
    ([name, ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
  )
  return table(heads, body, 'numbers')
}

/**
 * The figures of a phase, for the report and for `make compare`. `id`: the word that explains it. `least`: a difference
 * below this says nothing, in the figure's own unit.
 */
export const phaseColumns = [
  { column: 'due', title: 'due', id: 'due', write: number, least: 10 },
  { column: 'answered', title: 'answered', id: 'due', write: number, least: 10 },
  { column: 'failed', title: 'failed', id: 'error-ratio', write: number, least: 10 },
  { column: 'error_ratio', title: 'failed %', id: 'error-ratio', write: percent, least: 0.01 },
  { column: 'p50_ms', title: 'p50 ms', id: 'p95', write: number, least: 2 },
  { column: 'p95_ms', title: 'p95 ms', id: 'p95', write: number, least: 2 },
  { column: 'p99_ms', title: 'p99 ms', id: 'p95', write: number, least: 2 },
  { column: 'max_ms', title: 'slowest ms', id: 'p95', write: number, least: 2 },
  { column: 'server_p95_ms', title: 'server p95 ms', id: 'p95', write: number, least: 2 },
  { column: 'event_loop_delay_ms', title: 'loop delay ms', id: 'event-loop', write: number, least: 2 },
  { column: 'db_errors', title: 'db_errors', id: 'db-available', write: number, least: 10 },
] as const

/** How many times one figure is the other, 1 or more. `least` is added to both, so that small ones are alike. */
export function timesApart(a: number, b: number, least: number): number {
  return Math.exp(Math.abs(Math.log((b + least) / (a + least))))
}

/**
 * The client's figures of each phase, computed from its single requests, beside those of the server, which only exist by
 * the second: of the last three the first two are medians and the third is a sum. null: not measured.
 */
export function phaseRows({ happened, seconds }: Journal) {
  return happened.phases.map(({ name, warm_up, start_ms, end_ms, figures }) => {
    const within = seconds.filter(({ phase }) => phase === name)
    const from = (column: keyof SecondRow, figure: (values: number[]) => number) => {
      const values = within.map((one) => one[column]).filter((one) => typeof one === 'number')
      return values.length > 0 ? figure(values) : null
    }
    return {
      ...figures,
      name,
      warm_up,
      seconds: (end_ms - start_ms) / 1000,
      server_p95_ms: from('server_p95_ms', median),
      event_loop_delay_ms: from('event_loop_delay_ms', median),
      db_errors: from('db_errors', (values) => values.reduce((sum, one) => sum + one)),
    }
  })
}

export function phases(journal: Journal): Html {
  const heads = phaseColumns.map(({ title, id }) => word(title, id))
  const rows = phaseRows(journal).map((row) => [
    row.name,
    number(row.seconds),
    ...phaseColumns.map(({ column, write }) => write(row[column])),
  ])
  return html`<h2>Phase by phase</h2>
<p class="says">${
    journal.verdict &&
    'Requests and latency were counted by the client, over all requests by which the phase was judged: in an outage those that were due while it was felt. '
  }The last three columns are what the API said; it was
  asked once a second, so they may count the first moments of a phase in the one before, or the last ones in the next.</p>
${numbersTable(['phase', 'seconds', ...heads], rows)}`
}

export function expectations({ expectations }: Journal): Html {
  const rows = expectations.map(
    ({ phase, what, why, measured, met }, i) => html`${
      phase !== expectations[i - 1]?.phase &&
      html`<tr class="group"><th colspan="3" scope="colgroup">${phase}</th></tr>`
    }<tr class="above"><td>${what}</td><td>${measured}</td><td class="${met ? 'yes' : 'no'}">${met ? 'yes' : 'NO'}</td></tr>
<tr><td colspan="3" class="why">${why}</td></tr>
`,
  )
  return html`<h2>Expected and measured</h2>
${table(['expected', 'measured', 'met'], rows)}`
}

/** Guess beside measurement; nothing without guesses. */
export function predictions({ predictions }: Journal): Html | false {
  if (predictions.length === 0) return false
  const rows = predictions.map(
    (one) => html`<tr class="above"><td>${one.question}</td><td>${one.guess} ${one.guess !== '?' && one.unit}</td>
<td>${one.measured}</td><td>${offBy(one)}</td></tr>
<tr><td colspan="4" class="why">${one.why}</td></tr>
`,
  )
  return html`<h2>Predicted and measured</h2>
${table(['question', 'guess', 'measured', 'off by'], rows)}`
}

/** How well each detector did on some runs, taken together: the heads and the rows of a table. */
export function gradeTable(runs: SecondRow[][], method: Tuning['method']): { heads: string[]; rows: string[][] } {
  const rows = gradeDetectors(runs, { ...defaults, method }).map(({ name, grade }) => [
    name,
    grade.troubles.length > 0 ? `${grade.found} of ${grade.troubles.length}` : '–',
    percent(grade.precision),
    grade.mean_delay_s === null ? '–' : `${number(grade.mean_delay_s)} s`,
    percent(grade.coverage),
    String(grade.false_alarms),
    number(grade.false_alarms_per_hour),
  ])
  const title = method === 'mean' ? 'z-score' : 'robust'
  return { heads: [title, 'found', 'precision', 'delay', 'coverage', 'false', 'per hour'], rows }
}

export const gradeWords = [
  'found: troubles in which, or in the second before which, an alarm began.',
  'precision: troubles found among all alarms.',
  'delay: mean time until the end of the first alarmed second, 1 s at least.',
  'coverage: share of the troubled seconds with an alarm, even one from before.',
  `false: alarms outside of the trouble, the second before and the ${graceS} s after it.`,
  `per hour: false, by the seconds that may have one: not the first ${defaults.warmUp}.`,
]

/** How well the detector did on this run, since it is known when the trouble was there. */
export function anomalies({ seconds }: Journal): Html {
  const { heads, rows } = gradeTable([seconds], 'mean')
  return html`<h2>Could a machine have noticed?</h2>
<p>The detector looks at each second alone, against the ${defaults.window} calm seconds before it
(${word('z-score', 'z-score')}), and does not know what the experiment does. The lab knows, so the detector can be graded.
<em>The combination</em> asks for two kinds of evidence at once, or for one that lasts.</p>
${numbersTable(heads, rows)}
<ul class="says">${gradeWords.map((one) => html`<li>${one}</li>`)}</ul>
<p class="says">The quiet part of a run is short, so one false alarm is many per hour.
${troublesIn(seconds).length === 0 && 'This experiment caused no trouble on purpose: every alarm is a false one.'}</p>`
}
