import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { count } from '../load/figures.ts'
import type { Journal } from '../runs/journal.ts'
import { type Chart, type ChartData, chartData, figure } from './charts.ts'
import { calendar, type Html, html, json, text, trusted } from './html.ts'
import { lesson, nextCommand, serviceStory, verdictWords } from './story.ts'
import { anomalies, expectations, phases, predictions, word, words } from './tables.ts'
import { waits } from './waits.ts'

const page = join(import.meta.dirname, 'page')
const shared = join(import.meta.dirname, '..', 'page')

/** The report of a run. */
export function reportHtml(journal: Journal): string {
  const data = chartData(journal)
  const charts = (place?: Chart['place']) => data.charts.filter((one) => one.place === place).map(figure)
  const body = html`${head(journal)}
${predictions(journal)}
<h2>What happened</h2>
<p>All charts share one time axis: minutes and seconds since the run began. Shaded in red:
${journal.attacks ? 'an attack was under way' : html`a ${word('fault', 'fault')} was in force`}.</p>
${charts()}
${expectations(journal)}
${phases(journal)}
<h2>What the client saw, and what the server said</h2>
${charts('both sides')}
${waits(journal)}
${anomalies(journal)}
${charts('anomalies')}
${again(journal)}`
  return pageHtml([journal.verdict ?? [], journal.experiment].flat().join(': '), body, data)
}

export const noCharts: ChartData = { seconds: [], phases: [], bands: [], charts: [] }

/** A page with charts: one HTML file that needs nothing else and may ask for nothing else. */
export function pageHtml(title: string, body: Html, data = noCharts): string {
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot'))
  const style = read(join(uplot, 'uPlot.min.css'), join(shared, 'theme.css'), join(page, 'page.css'))
  const library = read(join(uplot, 'uPlot.iife.min.js'))
  const script = read(join(shared, 'plot.js'), join(page, 'charts.js'))
  // Only this very style and these very scripts may be used; with nothing else allowed, no request can leave the page.
  const policy = `default-src 'none'; style-src '${sha256(style)}'; script-src '${sha256(library)}' '${sha256(script)}'; base-uri 'none'; form-action 'none'`

  return text(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<noscript><p>The charts need JavaScript; all figures are in the tables.</p></noscript>
${body}
${words()}
<script type="application/json" id="data">${json(data)}</script>
<script>${trusted(library)}</script>
<script type="module">${trusted(script)}</script>
</body>
</html>
`)
}

/** What was asked and what came out; the verdict on the prediction, and apart from it how the service did. */
function head(journal: Journal): Html {
  const { experiment, question, mode, started, run, verdict, reasons, hypothesis, notes } = journal
  const [why, next] = [lesson(journal), nextCommand(journal)]
  const repeat = run.of > 1 ? `, run ${run.number} of ${run.of}` : ''
  const lost = notes.lost === null ? 'could not be read back' : `${count(notes.lost.length)} of them were lost`
  return html`<header>
<p class="quiet">${experiment} · ${mode} · ${calendar(started)}${repeat}</p>
<h1>${question}</h1>
<div class="verdict ${verdict?.toLowerCase()}"><p><strong>${verdict ? word(verdict, verdict === 'INVALID' ? 'invalid' : 'verdict') : 'No verdict'}</strong> ${verdictWords(journal)}</p>
${reasons.length > 0 && html`<ul>${reasons.map((one) => html`<li>${one}</li>`)}</ul>`}</div>
</header>
<section class="pair">
<div><h3>${verdict ? 'Hypothesis, written before' : 'How it was recorded'}</h3><p>${hypothesis}</p>
${why && html`<h3>${why.title}</h3><p>${why.text}</p>`}
${next && html`<h3>Try next</h3><p><code>${next}</code></p>`}</div>
<div><h3>How the service did</h3><ul>
${serviceStory(journal).map((one) => html`<li>${one}</li>`)}
${verdict && html`<li>${count(notes.acknowledged)} notes were ${word('acknowledged', 'acknowledged')}; ${lost}.</li>`}
</ul></div>
</section>`
}

/** The command, and the machine on which it was measured. */
export function again({ again, environment, mode, started, verdict }: Journal): Html {
  const { node, platform, cpus, memory_bytes, journal_mode, load_generator, seed } = environment
  return html`${verdict ? html`<h2>Run it again</h2><pre>${again}</pre>` : html`<h2>Where</h2>`}
<p class="quiet">Measured on ${cpus.count} × ${cpus.model}, ${Math.round(memory_bytes / 2 ** 30)} GiB, ${platform}, Node ${node};
${journal_mode && html`${word('journal mode', 'wal')} ${journal_mode}; `}load by ${load_generator}${seed !== undefined && `, random arrivals from seed ${seed}`}; started ${started}. Another machine gives other
milliseconds. Beside this file: journal.json and metrics_events.jsonl (every second)${
    verdict
      ? `, and${mode === 'stack' ? ' after make experiment also' : ''} api.log: what the API logged, successful requests left out.`
      : '. There is no api.log: a session keeps none.'
  }</p>`
}

function read(...files: string[]): string {
  return files.map((file) => readFileSync(file, 'utf8')).join('\n')
}

function sha256(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`
}
