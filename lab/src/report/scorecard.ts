import type { Journal } from '../runs/journal.ts'
import { type Entry, type Scorecard, scorecardName } from '../runs/scorecard.ts'
import { calendar, html, number, percent } from './html.ts'
import { pageHtml } from './report.ts'
import { sumIn, worst } from './story.ts'
import { table, timesApart } from './tables.ts'

/** `least`: a difference below this says nothing, in the figure's own unit. */
const figures = [
  { column: 'failed', title: 'failed', write: percent, least: 0.02 },
  { column: 'p95_ms', title: 'p95 ms', write: number, least: 10 },
  { column: 'degraded_ms', title: 'noticed', write: number, least: 100 },
  { column: 'back_ms', title: 'back', write: number, least: 100 },
] as const

/** The figures of a run; the warm-up is left out. */
export function figuresIn({ happened, expectations }: Journal): Pick<Entry, 'met' | 'figures'> {
  const { faults } = happened
  const phases = happened.phases.filter(({ warm_up }) => !warm_up)
  const due = sumIn(phases, 'due')
  return {
    met: `${expectations.filter(({ met }) => met).length} of ${expectations.length}`,
    figures: {
      failed: due > 0 ? sumIn(phases, 'failed') / due : null,
      p95_ms: worst(phases.map((phase) => phase.figures.p95_ms)),
      degraded_ms: worst(faults.map(({ detected_after_ms }) => detected_after_ms)),
      back_ms: worst(faults.map(({ recovered_after_ms }) => recovered_after_ms)),
    },
  }
}

export const heads = ['experiment', 'verdict', 'met', ...figures.map(({ title }) => title)]
export const says =
  'met: expectations. failed: requests of all phases but the warm-up. p95: of the slowest of them. noticed, back: ms until /health said degraded, and from the end of the worst fault until a success.'

export function cells({ name, verdict, met = '–', figures: found }: Entry): string[] {
  return [name, verdict, met, ...figures.map(({ column, write }) => write(found?.[column]))]
}

export const alike = 'Nothing differs noticeably.'

// One run on each side: less than half as much again is noise.
const noticeable = 1.5

/** What differs from an earlier scorecard of the same experiments, one sentence each. */
export function changes(card: Scorecard, earlier: Scorecard): string[] {
  return card.entries.flatMap((entry) => {
    const before = earlier.entries.find(({ name }) => name === entry.name)
    if (before === undefined) return []
    const differ = figures.flatMap(({ column, title, write, least }) => {
      const [was, is] = [before.figures?.[column], entry.figures?.[column]]
      if (typeof was !== 'number' || typeof is !== 'number') return []
      return timesApart(was, is, least) < noticeable ? [] : [`${title} was ${write(was)} and is ${write(is)}`]
    })
    if (before.verdict !== entry.verdict) differ.unshift(`was ${before.verdict} and is ${entry.verdict}`)
    return differ.length > 0 ? [`${entry.name}: ${differ.join(', ')}`] : []
  })
}

/** Where and how the experiments were played. */
export function conditions({ started, mode, commit, machine, seconds }: Scorecard): string {
  const length = seconds === undefined ? 'full length' : `${seconds} s each`
  return `${calendar(started)}, ${mode}, ${length}, commit ${commit}, ${machine}`
}

/** The page of a scorecard. Its links lead to the reports beside its folder. */
export function scorecardHtml(card: Scorecard, earlier?: Scorecard): string {
  const { entries, planned } = card
  const count = (verdict: Entry['verdict']) => entries.filter((one) => one.verdict === verdict).length
  const rows = entries.map((entry) => {
    const [name, verdict, ...rest] = cells(entry)
    const link = entry.run ? html`<a href="../${entry.run}/report.html">${name}</a>` : name
    return html`<tr class="above"><th scope="row">${link}</th><td class="${{ PASS: 'yes', FAIL: 'no', INVALID: 'no', SKIPPED: 'quiet' }[entry.verdict]}">${verdict}</td>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>
${entry.reasons.map((reason) => html`<tr><td colspan="${heads.length}" class="why">${reason}</td></tr>`)}`
  })
  const differ = earlier ? changes(card, earlier) : []
  const body = html`<header><p class="quiet">${conditions(card)}</p>
<h1>${count('PASS')} of ${planned.length} experiments passed, ${count('FAIL')} failed, ${count('INVALID')} prove nothing${count('SKIPPED') > 0 && `, ${count('SKIPPED')} skipped`}</h1></header>
${entries.length < planned.length && html`<p>Not finished: ${planned.length - entries.length} were not played.</p>`}
${table(heads, rows)}
<p class="says">${says}</p>
<h2>Since the last scorecard</h2>
${
  earlier
    ? html`<p class="says"><a href="../${scorecardName(earlier)}/report.html">The last one</a>: ${conditions(earlier)}</p>
<ul>${(differ.length > 0 ? differ : [alike]).map((one) => html`<li>${one}</li>`)}</ul>`
    : html`<p>There is none of the same experiments before this one.</p>`
}`
  return pageHtml(`Scorecard: ${count('PASS')} of ${planned.length} passed`, body)
}
