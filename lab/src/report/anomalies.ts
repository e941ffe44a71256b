import { graceS, gradeDetectors, troublesIn } from '../anomalies/grade.ts'
import { defaults, type Tuning } from '../anomalies/series.ts'
import type { Journal, MetricsEvent } from '../runs/journal.ts'
import { type Html, html, number, percent } from './html.ts'
import { numbersTable, word } from './tables.ts'

/** How well each detector did on some runs, taken together: the heads and the rows of a table. */
export function gradeTable(runs: MetricsEvent[][], method: Tuning['method']): { heads: string[]; rows: string[][] } {
  const rows = gradeDetectors(runs, { ...defaults, method }).map(({ name, grade }) => [
    name,
    grade.troubles.length > 0 ? `${grade.found} of ${grade.troubles.length}` : '–',
    percent(grade.precision),
    grade.mean_delay_s === null ? '–' : `${number(grade.mean_delay_s)} s`,
    percent(grade.held),
    String(grade.false_alarms),
    number(grade.false_alarms_per_hour),
  ])
  const title = method === 'mean' ? 'z-score' : 'robust'
  return { heads: [title, 'found', 'precision', 'delay', 'held', 'false', 'per hour'], rows }
}

export const gradeWords = [
  'found: troubles in which an alarm began.',
  'precision: troubles found among all alarms.',
  'delay: mean time until the end of the first alarmed second.',
  'held: share of the troubled seconds that were alarmed.',
  `false: alarms outside of the trouble and the ${graceS} s after it.`,
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
