import { outcomeOf } from '../attacks/outcomes.ts'
import type { Journal } from '../runs/journal.ts'
import { type Html, html } from './html.ts'
import { milliseconds, number } from './numbers.ts'

const meanings = {
  PASS: 'Everything was as expected.',
  FAIL: 'Something was not as expected.',
  INVALID: 'The experiment itself went wrong, so it proves nothing either way.',
}

/** The head of the page: what was asked, and what came out. */
export function verdict({ experiment, question, mode, started, run, verdict, reasons }: Journal): Html {
  const repeat = run.of > 1 ? `, run ${run.number} of ${run.of}` : ''
  return html`<header>
<p class="quiet">${experiment} · ${mode} · ${calendar(started)}${repeat}</p>
<h1>${question}</h1>
<div class="verdict ${String(verdict).toLowerCase()}"><strong>${verdict}</strong>
<p>${meanings[verdict]}</p>${reasons.length > 0 && html`<ul>${reasons.map((one) => html`<li>${one}</li>`)}</ul>`}</div>
</header>`
}

function calendar(started: string): string {
  const date = new Date(started)
  return Number.isNaN(date.getTime()) ? started : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** The hypothesis beside what really happened. */
export function outcome({ hypothesis, happened, attacks = [], expectations, notes }: Journal): Html {
  const met = expectations.filter((one) => one.met).length
  const kept =
    notes.lost === null
      ? 'could not be read back'
      : notes.lost.length === 0
        ? 'none is lost'
        : `${notes.lost.length} are lost`
  return html`<section class="pair">
<div><h3>Hypothesis, written before</h3><p>${hypothesis}</p></div>
<div><h3>Outcome, measured</h3><ul>
<li>${met} of ${expectations.length} expectations were met.</li>
${attacks.map((one) => html`<li>${attackStory(one)}</li>`)}
${stories(happened.faults).map((one) => html`<li>${one}</li>`)}
<li>${notes.acknowledged} notes were acknowledged; ${kept}.</li>
</ul></div>
</section>`
}

type Attack = NonNullable<Journal['attacks']>[number]

/** What came of an attack, in figures. */
function attackStory({ phase, attempts, statuses, guesses }: Attack): string {
  const found = Number(statuses['200'] ?? 0) > 0
  if (guesses !== undefined)
    return `${phase}: ${guesses.toLocaleString('en')} guesses offline, the secret was ${found ? 'found' : 'not found'}.`
  const isAccepted = ([status]: [string, number]) => outcomeOf(Number(status)) === 'accepted'
  const all = Object.entries(statuses)
  const accepted = all.filter(isAccepted).reduce((sum, [, n]) => sum + n, 0)
  const others = all.filter((one) => !isAccepted(one))
  const told = others.map(([status, n]) => (status === '0' ? `${n} without an answer` : `${n} answered ${status}`))
  return `${phase}: ${attempts} attempts, ${[`${accepted} accepted`, ...told].join(', ')}.`
}

type Fault = Journal['happened']['faults'][number]
const mostStories = 3

/** What became of each fault; of many, the worst of each figure. */
function stories(faults: Fault[]): string[] {
  if (faults.length <= mostStories) return faults.map(story)
  const worst = (figure: (fault: Fault) => number | null) => {
    const known = faults.flatMap((one) => figure(one) ?? [])
    const missing = faults.length - known.length
    return `${milliseconds(known.length > 0 ? Math.max(...known) : null)}${missing > 0 ? ` (never in ${missing})` : ''}`
  }
  const kinds = [...new Set(faults.map(({ kind }) => kind))].join(', ')
  return [
    `${faults.length} faults (${kinds}); at the worst, felt by a client after ${worst(landing)}, /health degraded after ${worst((one) => one.detected_after_ms)}, first success ${worst((one) => one.recovered_after_ms)} after its end.`,
  ]
}

function landing({ landed_ms, injected_ms }: Fault): number | null {
  return landed_ms === null ? null : landed_ms - injected_ms
}

function story(fault: Fault): string {
  const { kind, injected_ms, undone_ms, intact, detected_after_ms, recovered_after_ms } = fault
  const felt =
    landing(fault) === null ? 'no client ever felt it' : `felt by a client after ${milliseconds(landing(fault))}`
  const noticed =
    detected_after_ms === null
      ? '/health never said degraded'
      : `/health degraded after ${milliseconds(detected_after_ms)}`
  const back =
    recovered_after_ms === null
      ? 'no success after it'
      : `first success ${milliseconds(recovered_after_ms)} after its end`
  const cut = intact ? '' : ' (somebody else ended it)'
  return `${kind} for ${number((undone_ms - injected_ms) / 1000)} s${cut}: ${felt}, ${noticed}, ${back}.`
}
